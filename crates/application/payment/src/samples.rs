//! Samples and stand-ins for this crate's tests.

use domain::{
    ids::{PaymentId, ReservationId},
    money::Money,
    payment::{Payment, PaymentStatus},
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
