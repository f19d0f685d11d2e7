//! Telling who is calling by the token of the call.

use std::sync::Arc;

use domain::{
    identity::{AccessClaims, BadToken, QueueClaims, Tokens},
    ids::UserId,
    time::Clock,
};

#[cfg(test)]
#[path = "identify_caller_tests.rs"]
mod tests;

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

    /// Who is calling, by a token of either kind.
    ///
    /// # Errors
    ///
    /// [`BadToken`] when the token is good as neither kind now.
    pub fn by_either(&self, token: &str) -> Result<UserId, BadToken> {
        let now = self.clock.now();
        let by_access = self.tokens.verify_access(token, now).map(|claims| claims.user);
        by_access.or_else(|_| self.tokens.verify_queue(token, now).map(|claims| claims.user))
    }
}
