//! Finding a user whom somebody trusted has named.

use std::sync::Arc;

use domain::{identity::Users, ids::UserId, storage::StorageError};

#[cfg(test)]
#[path = "find_user_tests.rs"]
mod tests;

/// Why a user was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindUserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Finds users for callers that are trusted to have authenticated them.
pub struct FindUser {
    users: Arc<dyn Users>,
}

impl FindUser {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(users: Arc<dyn Users>) -> Self {
        Self { users }
    }

    /// The same id, once it is known to be a user's.
    ///
    /// # Errors
    ///
    /// [`FindUserError`] when there is no such user or the store could not answer.
    pub async fn handle(&self, user: UserId) -> Result<UserId, FindUserError> {
        if self.users.exists(user).await? { Ok(user) } else { Err(FindUserError::NotFound) }
    }
}
