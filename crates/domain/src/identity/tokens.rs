//! The two kinds of token: what they say, and who signs them.

use std::fmt;

use chrono::Duration;

use crate::{
    ids::{TicketId, UserId},
    time::Timestamp,
    waiting_room::{Ticket, TicketState},
};

/// How long tokens are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPolicy {
    /// An access token's life.
    pub access: Duration,
    /// A queue token's life: longer than anybody waits. The ticket it stands for usually ends before.
    pub queue: Duration,
}

impl Default for TokenPolicy {
    /// An hour for access tokens, a day for queue tokens.
    fn default() -> Self {
        Self { access: Duration::hours(1), queue: Duration::hours(24) }
    }
}

/// A token as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken(pub String);

impl fmt::Debug for SignedToken {
    /// Keeps the token out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignedToken(..)")
    }
}

/// What an access token says: who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// The caller.
    pub user: UserId,
    /// From when on the token is no longer good.
    pub expires_at: Timestamp,
}

/// What a queue token says: who is calling, and with which ticket of the waiting room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueClaims {
    /// The caller.
    pub user: UserId,
    /// The caller's ticket.
    pub ticket: TicketId,
    /// The ticket's place in the order of arrival.
    pub number: u64,
    /// When the ticket was issued.
    pub issued_at: Timestamp,
    /// From when on the token is no longer good.
    pub expires_at: Timestamp,
}

impl QueueClaims {
    /// The ticket that the token stands for, as it was issued.
    #[must_use]
    pub const fn ticket_as_issued(&self) -> Ticket {
        let Self { user, ticket: id, number, issued_at, .. } = *self;
        Ticket { id, user, number, issued_at, state: TicketState::Waiting }
    }
}

/// A token was garbled, signed by somebody else, run out, or of the other kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not good")]
pub struct BadToken;

/// A token could not be signed: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Signs and checks tokens.
///
/// Contract: a token of one kind MUST be refused as the other; the algorithm MUST be pinned; a token is good
/// until just before `expires_at`.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Tokens: Send + Sync {
    /// Signs an access token, issued at `now`.
    fn sign_access(&self, claims: &AccessClaims, now: Timestamp) -> Result<SignedToken, SigningFailed>;

    /// Signs a queue token, issued at `now`.
    fn sign_queue(&self, claims: &QueueClaims, now: Timestamp) -> Result<SignedToken, SigningFailed>;

    /// What an access token says, if it is good at `now`.
    fn verify_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims, BadToken>;

    /// What a queue token says, if it is good at `now`.
    fn verify_queue(&self, token: &str, now: Timestamp) -> Result<QueueClaims, BadToken>;
}
