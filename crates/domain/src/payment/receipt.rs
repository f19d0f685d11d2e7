//! A payment that was made.

use crate::{
    ids::{PaymentId, ReservationId, UserId},
    money::Money,
    page::Cursor,
    time::Timestamp,
};

/// Where a payment is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// The balance was debited.
    Paid,
    /// The balance was credited again.
    Refunded,
}

/// What was paid for a reservation. A reservation has at most one payment, ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The payment's id.
    pub id: PaymentId,
    /// What was paid for.
    pub reservation: ReservationId,
    /// Who paid.
    pub user: UserId,
    /// How much.
    pub amount: Money,
    /// Where the payment is in its life.
    pub status: PaymentStatus,
    /// When it was made.
    pub paid_at: Timestamp,
}

impl Payment {
    /// The payment's place in a list that is ordered by time.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { position: self.paid_at.timestamp_micros(), id: self.id.0 }
    }
}

/// A payment, and what its user had left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The payment.
    pub payment: Payment,
    /// The balance right after it.
    pub balance_after: Money,
}

impl Receipt {
    /// The receipt as it was when the payment was made.
    #[must_use]
    pub fn as_first_given(self) -> Self {
        Self { payment: Payment { status: PaymentStatus::Paid, ..self.payment }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_knows_nothing_of_a_refund() {
        let paid = Payment {
            id: PaymentId(uuid::Uuid::from_u128(1)),
            reservation: ReservationId(uuid::Uuid::from_u128(2)),
            user: UserId(uuid::Uuid::from_u128(3)),
            amount: Money::from_units(5),
            status: PaymentStatus::Paid,
            paid_at: Timestamp::UNIX_EPOCH,
        };
        let first = Receipt { payment: paid.clone(), balance_after: Money::from_units(7) };
        let refunded = Payment { status: PaymentStatus::Refunded, ..paid };
        let now = Receipt { payment: refunded, ..first.clone() };
        assert_eq!(now.as_first_given(), first);
    }
}
