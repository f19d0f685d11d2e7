//! Giving a payment back: the rules, and the decision they lead to.

use super::{Payment, PaymentStatus};
use crate::{ids::TransactionId, money::Money, reservation::Reservation, text::Reason, time::Timestamp};

/// A payment, and what was paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidReservation {
    /// The payment.
    pub payment: Payment,
    /// What was paid for.
    pub reservation: Reservation,
}

/// Why a payment was not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefused {
    /// It was given back before.
    #[error("the payment is refunded already")]
    AlreadyRefunded,
    /// The show has begun, and the seats have been used.
    #[error("the show has begun")]
    ShowHasBegun,
}

/// The decision to give a payment back. It may be committed only while all of this is true: the payment is
/// paid; the reservation is paid, and its seats are sold to it; the show has not begun. With it the balance is
/// credited, the seats are free, and the reservation is cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The payment, refunded.
    pub payment: Payment,
    /// How many seats are free again.
    pub seats: usize,
    /// The id of the entry to add to the ledger.
    pub entry: TransactionId,
    /// Why it is given back.
    pub reason: Reason,
    /// When it is given back.
    pub refunded_at: Timestamp,
}

/// A refund that was made, and what its user has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReceipt {
    /// What was given back.
    pub refund: Refund,
    /// The balance right after it. It may be above what may be charged: a refund is never refused for that.
    pub balance_after: Money,
}

impl PaidReservation {
    /// Decides whether the payment is given back.
    ///
    /// # Errors
    ///
    /// [`RefundRefused`], the first of its reasons that applies.
    pub fn refund(
        &self,
        reason: Reason,
        entry: TransactionId,
        now: Timestamp,
    ) -> Result<Refund, RefundRefused> {
        if self.payment.status == PaymentStatus::Refunded {
            return Err(RefundRefused::AlreadyRefunded);
        }
        if self.reservation.show.starts_at <= now {
            return Err(RefundRefused::ShowHasBegun);
        }
        let payment = Payment { status: PaymentStatus::Refunded, ..self.payment.clone() };
        Ok(Refund { payment, seats: self.reservation.seats.len(), entry, reason, refunded_at: now })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{
        ids::{PaymentId, UserId},
        reservation::{ReservationStatus, samples::reservation},
    };

    const ENTRY: TransactionId = TransactionId(Uuid::from_u128(9));

    /// One seat for 100 of a show that begins at the second 100,000.
    fn paid(status: PaymentStatus) -> PaidReservation {
        let reservation = reservation(ReservationStatus::Paid);
        let payment = Payment {
            id: PaymentId(Uuid::from_u128(6)),
            reservation: reservation.id,
            user: UserId(Uuid::from_u128(2)),
            amount: reservation.total_price,
            status,
            paid_at: Utc.timestamp_opt(10, 0).unwrap(),
        };
        PaidReservation { payment, reservation }
    }

    fn refund(status: PaymentStatus, second: i64) -> Result<Refund, RefundRefused> {
        let now = Utc.timestamp_opt(second, 0).unwrap();
        paid(status).refund(Reason::new("The band is ill").unwrap(), ENTRY, now)
    }

    #[test]
    fn a_payment_is_given_back_until_the_show_begins() {
        let refunded = refund(PaymentStatus::Paid, 99_999).unwrap();
        assert_eq!(refunded.payment, paid(PaymentStatus::Refunded).payment);
        assert_eq!((refunded.seats, refunded.entry), (1, ENTRY));
        assert_eq!(refunded.refunded_at, Utc.timestamp_opt(99_999, 0).unwrap());
        assert_eq!(refunded.reason.as_str(), "The band is ill");
        assert_eq!(refund(PaymentStatus::Paid, 100_000), Err(RefundRefused::ShowHasBegun));
    }

    #[test]
    fn nothing_is_given_back_twice() {
        for second in [1, 100_000] {
            assert_eq!(refund(PaymentStatus::Refunded, second), Err(RefundRefused::AlreadyRefunded));
        }
    }
}
