//! Telling who is calling by the token of the call.

use std::sync::Arc;

use domain::{
    identity::{AccessClaims, BadToken, QueueClaims, Tokens},
    time::Clock,
};

#[cfg(test)]
#[path = "identify_caller_tests.rs"]
mod tests;

/// What a token of either kind says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerClaims {
    /// It is an access token.
    Access(AccessClaims),
    /// It is a queue token.
    Queue(QueueClaims),
}

/// Identifies callers, without asking any store.
pub struct IdentifyCaller {
    clock: Arc<dyn Clock>,
    tokens: Arc<dyn Tokens>,
}

impl IdentifyCaller {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, tokens: Arc<dyn Tokens>) -> Self {
        Self { clock, tokens }
    }

    /// What an access token says.
    ///
    /// # Errors
    ///
    /// [`BadToken`] when the token is not a good access token now.
    pub fn by_access_token(&self, token: &str) -> Result<AccessClaims, BadToken> {
        self.tokens.verify_access(token, self.clock.now())
    }

    /// What a queue token says, whatever has become of its ticket.
    ///
    /// # Errors
    ///
    /// [`BadToken`] when the token is not a good queue token now.
    pub fn by_queue_token(&self, token: &str) -> Result<QueueClaims, BadToken> {
        self.tokens.verify_queue(token, self.clock.now())
    }

    /// What a token of either kind says.
    ///
    /// # Errors
    ///
    /// [`BadToken`] when the token is good as neither kind now.
    pub fn by_either(&self, token: &str) -> Result<CallerClaims, BadToken> {
        let now = self.clock.now();
        let by_access = self.tokens.verify_access(token, now).map(CallerClaims::Access);
        by_access.or_else(|_| self.tokens.verify_queue(token, now).map(CallerClaims::Queue))
    }
}
