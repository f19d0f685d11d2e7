//! Giving up a hold.

use super::{Reservation, ReservationStatus};
use crate::{ids::TicketId, time::Timestamp, waiting_room::Ticket};

/// What a decision about giving up a hold is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelFacts {
    /// The caller's ticket; none when there is no such ticket.
    pub ticket: Option<Ticket>,
    /// The caller's reservation; none when the caller has no such reservation.
    pub reservation: Option<Reservation>,
}

/// Why a hold was not given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefused {
    /// The caller has no such reservation.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// It is paid, cancelled or expired.
    #[error("only a hold that counts can be cancelled")]
    NotCancellable(ReservationStatus),
}

/// The decision to give up a hold. It may be committed only while all of this is true: the ticket's turn is
/// live; the reservation is the user's, is reserved, and has not run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldReleased {
    /// The ticket whose turn it has to be.
    pub ticket: TicketId,
    /// The reservation, cancelled.
    pub reservation: Reservation,
}

impl CancelFacts {
    /// Decides whether the hold is given up. That it is the caller's turn is for
    /// [`crate::waiting_room::require_turn`] to say.
    ///
    /// # Errors
    ///
    /// [`CancelRefused`], which says why not.
    pub fn cancel(&self, now: Timestamp) -> Result<Reservation, CancelRefused> {
        let reservation = self.reservation.clone().ok_or(CancelRefused::ReservationNotFound)?;
        match reservation.status_at(now) {
            ReservationStatus::Reserved => {
                Ok(Reservation { status: ReservationStatus::Cancelled, ..reservation })
            }
            status => Err(CancelRefused::NotCancellable(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::{super::samples::reservation, *};

    fn cancel(status: ReservationStatus, second: i64) -> Result<ReservationStatus, CancelRefused> {
        let facts = CancelFacts { ticket: None, reservation: Some(reservation(status)) };
        facts.cancel(Utc.timestamp_opt(second, 0).unwrap()).map(|reservation| reservation.status)
    }

    #[test]
    fn a_hold_that_counts_can_be_given_up() {
        assert_eq!(cancel(ReservationStatus::Reserved, 299), Ok(ReservationStatus::Cancelled));
    }

    #[test]
    fn a_hold_that_ran_out_can_not_be_given_up() {
        let refused = Err(CancelRefused::NotCancellable(ReservationStatus::Expired));
        assert_eq!(cancel(ReservationStatus::Reserved, 300), refused);
    }

    #[test]
    fn what_is_paid_cancelled_or_expired_can_not_be_given_up() {
        for status in [ReservationStatus::Paid, ReservationStatus::Cancelled, ReservationStatus::Expired] {
            assert_eq!(cancel(status, 1), Err(CancelRefused::NotCancellable(status)));
        }
    }

    #[test]
    fn somebody_elses_reservation_is_not_found() {
        let facts = CancelFacts { ticket: None, reservation: None };
        let now = Utc.timestamp_opt(1, 0).unwrap();
        assert_eq!(facts.cancel(now), Err(CancelRefused::ReservationNotFound));
    }
}
