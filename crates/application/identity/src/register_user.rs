//! Registering somebody who wants to buy.

use std::sync::Arc;

use domain::{
    identity::{AddUserError, Email, Password, PasswordHasher, User, Users},
    ids::{IdSource, UserId},
    storage::StorageError,
    text::Name,
    time::Clock,
};

#[cfg(test)]
#[path = "register_user_tests.rs"]
mod tests;

/// Somebody's wish to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterUserCommand {
    /// What the user wants to be called.
    pub name: Name,
    /// The address the user will log in with.
    pub email: Email,
    /// The password the user will log in with.
    pub password: Password,
}

/// Why somebody was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterUserError {
    /// Another user has this address.
    #[error("this email address belongs to another user")]
    EmailTaken,
    /// The store could not answer, or more wait for a password hash than is sane.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<AddUserError> for RegisterUserError {
    fn from(error: AddUserError) -> Self {
        match error {
            AddUserError::EmailTaken => Self::EmailTaken,
            AddUserError::Storage(error) => Self::Storage(error),
        }
    }
}

/// Registers users.
pub struct RegisterUser {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    users: Arc<dyn Users>,
    hasher: Arc<dyn PasswordHasher>,
}

impl RegisterUser {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        users: Arc<dyn Users>,
        hasher: Arc<dyn PasswordHasher>,
    ) -> Self {
        Self { clock, ids, users, hasher }
    }

    /// Adds a user, of whose password only a hash is kept.
    ///
    /// # Errors
    ///
    /// [`RegisterUserError`] when the address is taken or the store could not answer; nobody is registered then.
    pub async fn handle(&self, command: RegisterUserCommand) -> Result<User, RegisterUserError> {
        let hash = self.hasher.hash(&command.password).await?;
        let user = User {
            id: UserId(self.ids.next()),
            name: command.name,
            email: command.email,
            registered_at: self.clock.now(),
        };
        self.users.add(&user, &hash).await?;
        Ok(user)
    }
}
