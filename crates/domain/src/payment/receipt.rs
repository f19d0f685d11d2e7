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
