//! Logging in.

use std::sync::Arc;

use domain::{
    identity::{AccessClaims, SignedToken, SigningFailed, TokenPolicy, Tokens},
    ids::UserId,
    time::{Clock, Timestamp},
};

use crate::{Credentials, VerifyCredentials, VerifyCredentialsError};

#[cfg(test)]
#[path = "open_session_tests.rs"]
mod tests;

/// A login that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who logged in.
    pub user: UserId,
    /// The access token that says so.
    pub token: SignedToken,
    /// From when on the token is no longer good.
    pub expires_at: Timestamp,
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// The credentials were refused, or could not be checked.
    #[error(transparent)]
    Credentials(#[from] VerifyCredentialsError),
    /// The token could not be signed: a fault of ours.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

/// Opens sessions.
pub struct OpenSession {
    clock: Arc<dyn Clock>,
    credentials: Arc<VerifyCredentials>,
    tokens: Arc<dyn Tokens>,
    policy: TokenPolicy,
}

impl OpenSession {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        credentials: Arc<VerifyCredentials>,
        tokens: Arc<dyn Tokens>,
        policy: TokenPolicy,
    ) -> Self {
        Self { clock, credentials, tokens, policy }
    }

    /// Verifies the credentials and signs an access token.
    ///
    /// # Errors
    ///
    /// [`OpenSessionError`] when the credentials are refused or could not be checked, or no token could be
    /// signed.
    pub async fn handle(&self, credentials: Credentials) -> Result<Session, OpenSessionError> {
        let user = self.credentials.handle(credentials).await?;
        let now = self.clock.now();
        let expires_at = now + self.policy.access;
        let token = self.tokens.sign_access(&AccessClaims { user, expires_at }, now)?;
        Ok(Session { user, token, expires_at })
    }
}
