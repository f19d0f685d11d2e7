//! Samples and stand-ins for this crate's tests.

use std::sync::Arc;

use chrono::{TimeZone as _, Utc};
use domain::{
    catalog::{Concert, SalesWindow, Schedule, SeatNumber, TimeZone},
    ids::{ConcertId, IdSource, MockIdSource, ScheduleId},
    storage::StorageError,
    text::Name,
    time::{Clock, MockClock, Timestamp},
};
use uuid::Uuid;

pub(crate) const CONCERT: ConcertId = ConcertId(Uuid::from_u128(3));
pub(crate) const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(4));

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

/// A source of these ids, and no more.
pub(crate) fn ids<const N: usize>(numbers: [u128; N]) -> Arc<dyn IdSource> {
    let mut source = MockIdSource::new();
    let mut numbers = numbers.into_iter();
    source.expect_next().times(..=N).returning(move || Uuid::from_u128(numbers.next().unwrap()));
    Arc::new(source)
}

/// What a store says that is away.
pub(crate) fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn number(number: i64) -> SeatNumber {
    SeatNumber::new(number).unwrap()
}

/// A concert in Seoul, where it is 9 hours later than in Greenwich.
pub(crate) fn concert() -> Concert {
    Concert { id: CONCERT, name: name("Winterreise"), time_zone: TimeZone::default(), created_at: at(0) }
}

/// On sale from the tenth second to just before the hundredth.
pub(crate) fn schedule() -> Schedule {
    let sales = SalesWindow::stored(at(10), at(100));
    Schedule { id: SCHEDULE, concert: CONCERT, starts_at: at(200), sales, total_seats: 4 }
}
