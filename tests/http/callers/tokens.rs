//! Tokens that are not what they should be.

use adapter_credentials::{JsonWebTokens, TokenSecret};
use chrono::{Duration, Utc};
use domain::{
    identity::{AccessClaims, QueueClaims, Tokens},
    ids::{TicketId, UserId},
};
use encore_tests::service::TOKEN_SECRET;
use uuid::Uuid;

const ANOTHER_SECRET: &str = "another secret, as long as the one of the tests";

/// `{"alg":"none","typ":"JWT"}`.
const UNSIGNED_HEADER: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

/// An access token and a queue token that tell of the same user and ticket, signed with a secret and good for so long.
fn signed(secret: &str, user: Uuid, ticket: Uuid, good_for: Duration) -> [String; 2] {
    let now = Utc::now();
    let (user, expires_at) = (UserId(user), now + good_for);
    let tokens = JsonWebTokens::new(&TokenSecret::new(secret.to_owned()).unwrap());
    let access = AccessClaims { user, expires_at };
    let queue = QueueClaims { user, ticket: TicketId(ticket), number: 1, issued_at: now, expires_at };
    [tokens.sign_access(&access, now).unwrap().0, tokens.sign_queue(&queue, now).unwrap().0]
}

pub(super) fn forged(user: Uuid, ticket: Uuid) -> [String; 2] {
    signed(ANOTHER_SECRET, user, ticket, Duration::hours(1))
}

pub(super) fn expired(user: Uuid, ticket: Uuid) -> [String; 2] {
    signed(TOKEN_SECRET, user, ticket, -Duration::hours(1))
}

pub(super) fn never_issued() -> String {
    let [_, queue] = signed(TOKEN_SECRET, Uuid::now_v7(), Uuid::now_v7(), Duration::hours(1));
    queue
}

pub(super) fn truncated(token: &str) -> String {
    token[..token.len() - 1].to_owned()
}

/// The same claims, once without a signature and once with the one that they had.
pub(super) fn unsigned(token: &str) -> [String; 2] {
    let [_, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{token} has no three parts")
    };
    [format!("{UNSIGNED_HEADER}.{claims}."), format!("{UNSIGNED_HEADER}.{claims}.{signature}")]
}
