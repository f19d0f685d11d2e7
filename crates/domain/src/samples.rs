//! Samples and stand-ins that the use cases' tests share.

#![allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "for tests alone")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{TimeZone, Utc};
use uuid::Uuid;

use crate::{
    idempotency::IdempotencyKey,
    ids::{IdSource, MockIdSource, TicketId, UserId},
    storage::StorageError,
    time::{Clock, MockClock, MockTimer, Timer, Timestamp},
    waiting_room::{EndReason, NoTurn, Ticket, TicketState},
};

/// The caller's ticket.
pub const TICKET: TicketId = TicketId(Uuid::from_u128(1));
/// The caller.
pub const USER: UserId = UserId(Uuid::from_u128(2));
/// Another user.
pub const SOMEBODY_ELSE: UserId = UserId(Uuid::from_u128(3));

/// Fails, and says which refusal was expected, unless the result is that refusal.
#[macro_export]
macro_rules! assert_refused {
    ($result:expr, $refusal:pat) => {
        let result = $result;
        assert!(
            matches!(result, Err($refusal)),
            "expected Err({}), but it was {result:?}",
            stringify!($refusal)
        );
    };
}
/// So many seconds after 1970 began.
#[must_use]
pub fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

/// A clock that is asked exactly as often as it has instants to tell.
#[must_use]
pub fn clock(instants: impl Into<Vec<Timestamp>>) -> Arc<dyn Clock> {
    let instants = instants.into();
    let mut clock = MockClock::new();
    let times = instants.len();
    let mut instants = instants.into_iter();
    clock.expect_now().times(times).returning(move || instants.next().unwrap());
    Arc::new(clock)
}

/// A timer on which no time passes, and all for which it was waited.
#[must_use]
pub fn timer() -> (Arc<dyn Timer>, Arc<Mutex<Vec<Duration>>>) {
    let waited = Arc::<Mutex<Vec<Duration>>>::default();
    let mut timer = MockTimer::new();
    timer.expect_elapsed().return_const(Duration::ZERO);
    let noted = Arc::clone(&waited);
    timer.expect_wait().returning(move |time| noted.lock().unwrap().push(time));
    (Arc::new(timer), waited)
}

/// The ids 100, 101 and so on.
#[must_use]
pub fn ids() -> Arc<dyn IdSource> {
    let mut source = MockIdSource::new();
    let mut numbers = 100..;
    source.expect_next().returning(move || Uuid::from_u128(numbers.next().unwrap()));
    Arc::new(source)
}

/// These ids, and no more.
#[must_use]
pub fn just_ids<const N: usize>(numbers: [u128; N]) -> Arc<dyn IdSource> {
    let mut source = MockIdSource::new();
    let mut numbers = numbers.into_iter();
    source.expect_next().times(..=N).returning(move || Uuid::from_u128(numbers.next().unwrap()));
    Arc::new(source)
}

/// What a store says that is away.
#[must_use]
pub fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

/// The caller's ticket in some state.
#[must_use]
pub fn ticket(state: TicketState) -> Ticket {
    Ticket { id: TICKET, user: USER, number: 12, issued_at: at(0), state }
}

/// A ticket whose turn it is until the thousandth second.
#[must_use]
pub fn active() -> Ticket {
    ticket(TicketState::Active { expires_at: at(1_000), claimed: true })
}

/// Every ticket whose turn it is not at the fiftieth second, and why it is not.
#[must_use]
pub fn tickets_without_a_turn() -> Vec<(Option<Ticket>, NoTurn)> {
    let ran_out = |claimed| ticket(TicketState::Active { expires_at: at(50), claimed });
    vec![
        (None, NoTurn::Unknown),
        (Some(ticket(TicketState::Waiting)), NoTurn::Waiting),
        (Some(ran_out(true)), NoTurn::Ended(EndReason::TimedOut)),
        (Some(ran_out(false)), NoTurn::Ended(EndReason::NoShow)),
        (Some(ticket(TicketState::Ended { reason: EndReason::Paid })), NoTurn::Ended(EndReason::Paid)),
    ]
}

/// A caller's key.
#[must_use]
pub fn key() -> IdempotencyKey {
    IdempotencyKey::new(b"once").unwrap()
}
