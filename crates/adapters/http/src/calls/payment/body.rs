//! A payment, as its owner sees it.

use domain::payment::{Payment, PaymentStatus, Receipt};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::response::{Amount, Instant};

/// Where a payment is in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = PaymentStatus)]
pub(crate) enum PaymentStatusName {
    /// The balance was debited.
    Paid,
    /// The balance was credited again.
    Refunded,
}

impl From<PaymentStatus> for PaymentStatusName {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Paid => Self::Paid,
            PaymentStatus::Refunded => Self::Refunded,
        }
    }
}

/// What was paid for a reservation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub(crate) struct PaymentBody {
    /// The payment's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000060"))]
    payment_id: Uuid,
    /// What was paid for.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000040"))]
    reservation_id: Uuid,
    /// Who paid.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// How much.
    payment_amount: Amount,
    /// Where the payment is in its life.
    payment_status: PaymentStatusName,
    /// When it was made.
    payment_time: Instant,
}

impl From<Payment> for PaymentBody {
    fn from(payment: Payment) -> Self {
        Self {
            payment_id: payment.id.0,
            reservation_id: payment.reservation.0,
            user_id: payment.user.0,
            payment_amount: payment.amount.into(),
            payment_status: payment.status.into(),
            payment_time: payment.paid_at.into(),
        }
    }
}

/// A payment, and what its user had left.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Receipt)]
pub(crate) struct ReceiptBody {
    #[serde(flatten)]
    payment: PaymentBody,
    /// The balance right after it.
    current_balance: Amount,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self { payment: receipt.payment.into(), current_balance: receipt.balance_after.into() }
    }
}
