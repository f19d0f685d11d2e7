use domain::{
    identity::MockTokens,
    ids::{TicketId, UserId},
};
use uuid::Uuid;

use super::*;
use crate::samples::{USER, at, clock};

const WAITER: UserId = UserId(Uuid::from_u128(3));

fn access_claims() -> AccessClaims {
    AccessClaims { user: USER, expires_at: at(70) }
}

fn queue_claims() -> QueueClaims {
    QueueClaims {
        user: WAITER,
        ticket: TicketId(Uuid::from_u128(1)),
        number: 12,
        issued_at: at(0),
        expires_at: at(70),
    }
}

/// Knows one good token of each kind, both of them at the tenth second.
fn caller() -> IdentifyCaller {
    let mut tokens = MockTokens::new();
    tokens.expect_verify_access().returning(|token, now| {
        if (token, now) == ("access", at(10)) { Ok(access_claims()) } else { Err(BadToken) }
    });
    tokens.expect_verify_queue().returning(|token, now| {
        if (token, now) == ("queue", at(10)) { Ok(queue_claims()) } else { Err(BadToken) }
    });
    IdentifyCaller::new(clock([at(10)]), Arc::new(tokens))
}

#[test]
fn an_access_token_tells_the_caller() {
    assert_eq!(caller().by_access_token("access"), Ok(access_claims()));
}

#[test]
fn a_queue_token_is_no_access_token() {
    assert_eq!(caller().by_access_token("queue"), Err(BadToken));
}

#[test]
fn a_queue_token_tells_the_caller_and_the_ticket() {
    assert_eq!(caller().by_queue_token("queue"), Ok(queue_claims()));
}

#[test]
fn an_access_token_is_no_queue_token() {
    assert_eq!(caller().by_queue_token("access"), Err(BadToken));
}

#[test]
fn a_token_of_either_kind_tells_the_caller_where_either_will_do() {
    assert_eq!(caller().by_either("access"), Ok(CallerClaims::Access(access_claims())));
    assert_eq!(caller().by_either("queue"), Ok(CallerClaims::Queue(queue_claims())));
}

#[test]
fn a_token_of_neither_kind_tells_nobody() {
    assert_eq!(caller().by_either("garbled"), Err(BadToken));
}
