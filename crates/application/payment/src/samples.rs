//! Samples and stand-ins for this crate's tests.

use domain::{
    catalog::SeatNumber,
    ids::{ConcertId, PaymentId, ReservationId, ScheduleId},
    money::Money,
    payment::{Payment, PaymentStatus},
    reservation::{Reservation, ReservationStatus, ReservedSeat, Show},
    text::Name,
};
use uuid::Uuid;

pub(crate) use domain::{assert_refused, samples::*};

pub(crate) const RESERVATION: ReservationId = ReservationId(Uuid::from_u128(5));
pub(crate) const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(100));

/// A payment of 100, made at the tenth second.
pub(crate) fn payment() -> Payment {
    Payment {
        id: PAYMENT,
        reservation: RESERVATION,
        user: USER,
        amount: Money::from_units(100),
        status: PaymentStatus::Paid,
        paid_at: at(10),
    }
}

fn seat(number: i64) -> ReservedSeat {
    let number = SeatNumber::new(number).unwrap();
    let grade = Name::new("Parquet").unwrap();
    ReservedSeat { number, name: number.seat_name(), grade, price: Money::from_units(50) }
}

/// Two seats for 100, held until just before the 310th second, of a show that begins at the 10,000th.
pub(crate) fn reservation(status: ReservationStatus) -> Reservation {
    Reservation {
        id: RESERVATION,
        user: USER,
        show: Show {
            concert: ConcertId(Uuid::from_u128(3)),
            concert_name: Name::new("Winterreise").unwrap(),
            schedule: ScheduleId(Uuid::from_u128(4)),
            starts_at: at(10_000),
        },
        seats: vec![seat(12), seat(13)],
        total_price: Money::from_units(100),
        status,
        reserved_at: at(10),
        expires_at: at(310),
    }
}
