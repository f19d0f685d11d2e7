//! Telling whether somebody is who they say, by email address and password.

use std::sync::Arc;

use chrono::Duration;
use domain::{
    identity::{Email, FailedLogins, Password, PasswordHasher, Users},
    ids::UserId,
    storage::StorageError,
    time::Clock,
};

#[cfg(test)]
#[path = "verify_credentials_tests.rs"]
mod tests;

/// What somebody logs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The address.
    pub email: Email,
    /// The password as it was typed.
    pub password: Password,
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum VerifyCredentialsError {
    /// Too many logins with this address have failed lately. Whether the password is right is not told.
    #[error("too many logins with this address have failed")]
    TooManyFailures {
        /// How long the address stays closed.
        retry_after: Duration,
    },
    /// Nobody has the address, or the password is another: which of the two is not told.
    #[error("the email address or the password is wrong")]
    BadCredentials,
    /// The store could not answer, or more wait for a password check than is sane.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Verifies credentials.
pub struct VerifyCredentials {
    clock: Arc<dyn Clock>,
    users: Arc<dyn Users>,
    hasher: Arc<dyn PasswordHasher>,
    failed_logins: Arc<dyn FailedLogins>,
}

impl VerifyCredentials {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        users: Arc<dyn Users>,
        hasher: Arc<dyn PasswordHasher>,
        failed_logins: Arc<dyn FailedLogins>,
    ) -> Self {
        Self { clock, users, hasher, failed_logins }
    }

    /// The user whose credentials these are.
    ///
    /// # Errors
    ///
    /// [`VerifyCredentialsError`] when the address is closed after too many failures, the credentials are
    /// wrong, or the store could not answer. Only wrong credentials count as a failure.
    pub async fn handle(&self, credentials: Credentials) -> Result<UserId, VerifyCredentialsError> {
        let Credentials { email, password } = credentials;
        let now = self.clock.now();
        if let Some(retry_after) = self.failed_logins.closed_for(&email, now) {
            return Err(VerifyCredentialsError::TooManyFailures { retry_after });
        }
        // Without a hash to compare with, the check is made all the same: an unknown address must cost what a
        // known one costs, or the time would tell who is registered.
        let login = self.users.login_of(&email).await?;
        let (user, hash) = login.map(|login| (login.user, login.password)).unzip();
        let verified = self.hasher.verify(&password, hash).await?;
        let user = user.filter(|_| verified);
        // While the password was checked others may have failed: what the check has found is told only as long as
        // the address is open, or guesses made all at once would get round the limit.
        let closed = match user {
            Some(_) => self.failed_logins.succeeded(&email, now),
            None => self.failed_logins.failed(&email, now),
        };
        if let Some(retry_after) = closed {
            return Err(VerifyCredentialsError::TooManyFailures { retry_after });
        }
        user.ok_or(VerifyCredentialsError::BadCredentials)
    }
}
