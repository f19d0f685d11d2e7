//! Samples and stand-ins for this crate's tests.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use domain::{
    catalog::SeatNumber,
    idempotency::IdempotencyKey,
    ids::{ConcertId, IdSource, MockIdSource, ReservationId, ScheduleId, TicketId, UserId},
    money::Money,
    reservation::{Reservation, ReservationStatus, ReservedSeat, Show},
    storage::StorageError,
    text::Name,
    time::{Clock, MockClock, Timestamp},
    waiting_room::{EndReason, NoTurn, Standing, Ticket, TicketState},
};
use uuid::Uuid;

pub(crate) const TICKET: TicketId = TicketId(Uuid::from_u128(1));
pub(crate) const USER: UserId = UserId(Uuid::from_u128(2));
pub(crate) const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(4));
pub(crate) const RESERVATION: ReservationId = ReservationId(Uuid::from_u128(100));

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
pub(crate) fn clock(instants: Vec<Timestamp>) -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    let times = instants.len();
    let mut instants = instants.into_iter();
    clock.expect_now().times(times).returning(move || instants.next().unwrap());
    Arc::new(clock)
}

/// The ids 100, 101 and so on.
pub(crate) fn ids() -> Arc<dyn IdSource> {
    let mut source = MockIdSource::new();
    let mut numbers = 100..;
    source.expect_next().returning(move || Uuid::from_u128(numbers.next().unwrap()));
    Arc::new(source)
}

/// What a store says that is away.
pub(crate) fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

fn standing(state: TicketState) -> Standing {
    let ticket = Ticket { id: TICKET, user: USER, number: 12, issued_at: at(0), state };
    Standing { ticket, ahead: 0, waiting: 9, admitted_lately: 60 }
}

/// A ticket whose turn it is until the thousandth second.
pub(crate) fn active() -> Standing {
    standing(TicketState::Active { expires_at: at(1_000) })
}

/// Every ticket whose turn it is not at the fiftieth second, and why it is not.
pub(crate) fn tickets_without_a_turn() -> Vec<(Option<Standing>, NoTurn)> {
    let waiting = Standing { ahead: 4, ..standing(TicketState::Waiting) };
    let run_out = standing(TicketState::Active { expires_at: at(50) });
    let paid = standing(TicketState::Ended { reason: EndReason::Paid });
    vec![
        (None, NoTurn::Unknown),
        (Some(waiting.clone()), NoTurn::Waiting(Box::new(waiting))),
        (Some(run_out), NoTurn::Ended(EndReason::TimedOut)),
        (Some(paid), NoTurn::Ended(EndReason::Paid)),
    ]
}

pub(crate) fn key() -> IdempotencyKey {
    IdempotencyKey::new(b"once").unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn numbers(numbers: &[i64]) -> Vec<SeatNumber> {
    numbers.iter().map(|number| SeatNumber::new(*number).unwrap()).collect()
}

pub(crate) fn show() -> Show {
    Show {
        concert: ConcertId(Uuid::from_u128(3)),
        concert_name: name("Winterreise"),
        schedule: SCHEDULE,
        starts_at: at(10_000),
    }
}

/// Seats 12 and 13, held from the tenth second to just before the 310th.
pub(crate) fn reservation() -> Reservation {
    let seats = numbers(&[12, 13]).into_iter().map(|number| ReservedSeat {
        number,
        name: number.seat_name(),
        grade: name("Parquet"),
        price: Money::from_units(50),
    });
    Reservation {
        id: RESERVATION,
        user: USER,
        show: show(),
        seats: seats.collect(),
        total_price: Money::from_units(100),
        status: ReservationStatus::Reserved,
        reserved_at: at(10),
        expires_at: at(310),
    }
}
