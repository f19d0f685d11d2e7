//! Samples and stand-ins for this crate's tests, beside those that all share.

pub(crate) use domain::{
    assert_refused,
    samples::{at, away, clock, just_ids as ids},
};
use domain::{
    catalog::{Concert, SalesWindow, Schedule, SeatNumber, TimeZone},
    ids::{ConcertId, ScheduleId},
    text::Name,
};
use uuid::Uuid;

pub(crate) const CONCERT: ConcertId = ConcertId(Uuid::from_u128(3));
pub(crate) const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(4));

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
