//! Paying for a hold: the rules, and the decision they lead to.

use super::{Payment, PaymentStatus};
use crate::{
    idempotency::{Fingerprint, IdempotencyRecord, KeyedRequest},
    ids::{PaymentId, ReservationId, TicketId, TransactionId, UserId},
    money::Money,
    reservation::{Reservation, ReservationStatus},
    time::Timestamp,
    waiting_room::Ticket,
};

/// Somebody's wish to pay for a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Who.
    pub user: UserId,
    /// With which ticket.
    pub ticket: TicketId,
    /// For what.
    pub reservation: ReservationId,
    /// What the user believes it costs, if the user said so.
    pub expected_amount: Option<Money>,
}

impl PaymentRequest {
    /// What is asked, in one spelling.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let amount = self.expected_amount.map(|amount| format!(" amount={amount}")).unwrap_or_default();
        Fingerprint(format!("reservation={}{amount}", self.reservation))
    }
}

/// What a decision about a payment is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFacts {
    /// The caller's ticket; none when there is no such ticket.
    pub ticket: Option<Ticket>,
    /// What is stored under the caller's key.
    pub recorded: Option<IdempotencyRecord>,
    /// The caller's reservation; none when the caller has no such reservation.
    pub reservation: Option<Reservation>,
    /// What the caller's wallet holds.
    pub balance: Money,
}

/// Why a hold was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    /// The caller has no such reservation.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// The caller expects another price.
    #[error("the reservation costs {total_price}")]
    AmountMismatch {
        /// What it costs.
        total_price: Money,
    },
    /// It was paid before.
    #[error("the reservation is paid already")]
    AlreadyPaid,
    /// It was cancelled.
    #[error("the reservation can not be paid")]
    NotPayable,
    /// It ran out.
    #[error("the hold has run out")]
    HoldExpired,
    /// The wallet holds too little. The hold stays until it runs out.
    #[error("the balance is too small")]
    InsufficientBalance {
        /// What the wallet holds.
        balance: Money,
        /// What it costs.
        total_price: Money,
    },
}

/// The decision to settle a hold. It may be committed only while all of this is true: the ticket's turn is
/// live; the reservation is the user's, is reserved, and has not run out; its seats are held by it; the
/// balance is at least the price; the reservation has no payment; the key is unused. With it the ticket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The ticket whose turn it has to be, and which ends.
    pub ticket: TicketId,
    /// The payment to store.
    pub payment: Payment,
    /// How many seats become the user's.
    pub seats: usize,
    /// The id of the entry to add to the ledger.
    pub entry: TransactionId,
    /// The key to store with it.
    pub keyed: Option<KeyedRequest>,
}

impl PaymentFacts {
    /// Decides whether the hold is paid. That it is the caller's turn is for
    /// [`crate::waiting_room::require_turn`] to say.
    ///
    /// # Errors
    ///
    /// [`PaymentRefused`], the first of its reasons that applies.
    pub fn settle(
        &self,
        request: &PaymentRequest,
        id: PaymentId,
        now: Timestamp,
    ) -> Result<(Payment, usize), PaymentRefused> {
        let reservation = self.reservation.as_ref().ok_or(PaymentRefused::ReservationNotFound)?;
        let total_price = reservation.total_price;
        if request.expected_amount.is_some_and(|expected| expected != total_price) {
            return Err(PaymentRefused::AmountMismatch { total_price });
        }
        match reservation.status_at(now) {
            ReservationStatus::Reserved => {}
            ReservationStatus::Paid => return Err(PaymentRefused::AlreadyPaid),
            ReservationStatus::Cancelled => return Err(PaymentRefused::NotPayable),
            ReservationStatus::Expired => return Err(PaymentRefused::HoldExpired),
        }
        if self.balance < total_price {
            return Err(PaymentRefused::InsufficientBalance { balance: self.balance, total_price });
        }
        let payment = Payment {
            id,
            reservation: reservation.id,
            user: request.user,
            amount: total_price,
            status: PaymentStatus::Paid,
            paid_at: now,
        };
        Ok((payment, reservation.seats.len()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::reservation::samples::reservation;

    fn facts(status: ReservationStatus, balance: i32) -> PaymentFacts {
        PaymentFacts {
            ticket: None,
            recorded: None,
            reservation: Some(reservation(status)),
            balance: Money::from_units(balance),
        }
    }

    fn request(expected_amount: Option<Money>) -> PaymentRequest {
        PaymentRequest {
            user: UserId(Uuid::from_u128(2)),
            ticket: TicketId(Uuid::from_u128(5)),
            reservation: ReservationId(Uuid::from_u128(1)),
            expected_amount,
        }
    }

    fn settle(facts: &PaymentFacts, expected: Option<Money>, second: i64) -> Result<Money, PaymentRefused> {
        let now = Utc.timestamp_opt(second, 0).unwrap();
        let settled = facts.settle(&request(expected), PaymentId(Uuid::from_u128(6)), now);
        settled.map(|(payment, _)| payment.amount)
    }

    #[test]
    fn a_hold_is_paid_at_the_price_it_was_held_for() {
        let paid = settle(&facts(ReservationStatus::Reserved, 100), Some(Money::from_units(100)), 299);
        assert_eq!(paid, Ok(Money::from_units(100)));
    }

    #[test]
    fn a_run_out_hold_can_not_be_paid() {
        let facts = facts(ReservationStatus::Reserved, 100);
        assert_eq!(settle(&facts, None, 300), Err(PaymentRefused::HoldExpired));
    }

    #[test]
    fn nothing_is_paid_twice_and_nothing_that_was_given_up() {
        let refusals = [
            (ReservationStatus::Paid, PaymentRefused::AlreadyPaid),
            (ReservationStatus::Cancelled, PaymentRefused::NotPayable),
            (ReservationStatus::Expired, PaymentRefused::HoldExpired),
        ];
        for (status, refused) in refusals {
            assert_eq!(settle(&facts(status, 100), None, 1), Err(refused));
        }
    }

    #[test]
    fn another_price_than_the_expected_one_is_refused_before_anything_else_about_the_reservation() {
        let refused = Err(PaymentRefused::AmountMismatch { total_price: Money::from_units(100) });
        for status in [ReservationStatus::Reserved, ReservationStatus::Paid] {
            assert_eq!(settle(&facts(status, 0), Some(Money::from_units(99)), 1), refused);
        }
    }

    #[test]
    fn somebody_elses_reservation_is_not_found() {
        let facts = PaymentFacts { reservation: None, ..facts(ReservationStatus::Reserved, 100) };
        assert_eq!(settle(&facts, None, 1), Err(PaymentRefused::ReservationNotFound));
    }

    #[test]
    fn naming_the_price_makes_another_request() {
        assert_ne!(request(None).fingerprint(), request(Some(Money::from_units(1))).fingerprint());
    }

    proptest! {
        #[test]
        fn a_balance_never_goes_below_nothing(balance in 0_i32..200) {
            let paid = settle(&facts(ReservationStatus::Reserved, balance), None, 1);
            prop_assert_eq!(paid.is_ok(), balance >= 100);
        }
    }
}
