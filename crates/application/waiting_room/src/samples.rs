//! Samples and stand-ins for this crate's tests.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::{Clock, MockClock, Timestamp},
    waiting_room::{EndReason, Standing, Ticket, TicketState},
};
use uuid::Uuid;

pub(crate) const TICKET: TicketId = TicketId(Uuid::from_u128(1));
pub(crate) const USER: UserId = UserId(Uuid::from_u128(2));

/// Fails, and says which refusal was expected, unless the result is that refusal.
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
pub(crate) use assert_refused;

pub(crate) fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

/// A clock that is asked exactly as often as it has instants to tell.
pub(crate) fn clock<const N: usize>(instants: [Timestamp; N]) -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    let mut instants = instants.into_iter();
    clock.expect_now().times(N).returning(move || instants.next().unwrap());
    Arc::new(clock)
}

/// What a store says that is away.
pub(crate) fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

pub(crate) fn standing(state: TicketState) -> Standing {
    let ticket = Ticket { id: TICKET, user: USER, number: 12, issued_at: at(0), state };
    Standing { ticket, ahead: 0, waiting: 9, admitted_lately: 60 }
}

/// A ticket whose turn it is until the hundredth second.
pub(crate) fn active() -> Standing {
    standing(TicketState::Active { expires_at: at(100) })
}

pub(crate) fn waiting() -> Standing {
    Standing { ahead: 4, ..standing(TicketState::Waiting) }
}

pub(crate) fn ended(reason: EndReason) -> Standing {
    standing(TicketState::Ended { reason })
}
