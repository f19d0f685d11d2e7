//! Samples and stand-ins for this crate's tests.

use domain::{
    catalog::SeatNumber,
    ids::{ConcertId, ReservationId, ScheduleId},
    money::Money,
    reservation::{Reservation, ReservationStatus, ReservedSeat, Show},
    text::Name,
};
use uuid::Uuid;

pub(crate) use domain::{assert_refused, samples::*};

pub(crate) const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(4));
pub(crate) const RESERVATION: ReservationId = ReservationId(Uuid::from_u128(100));

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
