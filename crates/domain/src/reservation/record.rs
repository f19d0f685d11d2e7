//! A reservation and its life: reserved, then paid, cancelled or expired.

use crate::{
    catalog::SeatNumber,
    ids::{ConcertId, ReservationId, ScheduleId, UserId},
    money::Money,
    page::Cursor,
    text::Name,
    time::Timestamp,
};

/// Where a reservation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReservationStatus {
    /// Its seats are held and wait to be paid.
    Reserved,
    /// Its seats are the user's.
    Paid,
    /// Its user gave it up, or was refunded.
    Cancelled,
    /// It was not paid in time.
    Expired,
}

/// A seat as it was reserved; the price is fixed when the seat is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedSeat {
    /// The number within the schedule.
    pub number: SeatNumber,
    /// What the seat is called in the hall.
    pub name: String,
    /// The grade, or zone.
    pub grade: Name,
    /// The price when the seat was held.
    pub price: Money,
}

/// What a reservation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// The concert.
    pub concert: ConcertId,
    /// What the concert is called.
    pub concert_name: Name,
    /// The schedule.
    pub schedule: ScheduleId,
    /// When the show begins.
    pub starts_at: Timestamp,
}

/// Seats of one schedule, held for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The reservation's id.
    pub id: ReservationId,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub show: Show,
    /// Its seats, in the order of their numbers; at least one.
    pub seats: Vec<ReservedSeat>,
    /// The sum of the seats' prices.
    pub total_price: Money,
    /// Where it is in its life, as stored; see [`Reservation::status_at`].
    pub status: ReservationStatus,
    /// When the seats were held.
    pub reserved_at: Timestamp,
    /// When an unpaid hold runs out.
    pub expires_at: Timestamp,
}

impl Reservation {
    /// Where the reservation is in its life at `now`: an unpaid hold has expired from the instant it runs
    /// out, whether or not anybody has noted it.
    #[must_use]
    pub fn status_at(&self, now: Timestamp) -> ReservationStatus {
        match self.status {
            ReservationStatus::Reserved if self.expires_at <= now => ReservationStatus::Expired,
            status => status,
        }
    }

    /// The reservation as whoever reads it at `now` should see it.
    #[must_use]
    pub fn seen_at(self, now: Timestamp) -> Self {
        Self { status: self.status_at(now), ..self }
    }

    /// The reservation as it was when its seats were held.
    #[must_use]
    pub fn as_first_held(self) -> Self {
        Self { status: ReservationStatus::Reserved, ..self }
    }

    /// The reservation's place in a list that is ordered by time.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { position: self.reserved_at.timestamp_micros(), id: self.id.0 }
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;

    /// A reservation of one seat for 100, made at 0 seconds, which runs out at 300 seconds.
    pub(crate) fn reservation(status: ReservationStatus) -> Reservation {
        let at = |second| Utc.timestamp_opt(second, 0).unwrap();
        Reservation {
            id: ReservationId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            show: Show {
                concert: ConcertId(Uuid::from_u128(3)),
                concert_name: Name::new("Concert").unwrap(),
                schedule: ScheduleId(Uuid::from_u128(4)),
                starts_at: at(100_000),
            },
            seats: vec![ReservedSeat {
                number: SeatNumber::new(7).unwrap(),
                name: "A7".into(),
                grade: Name::new("R").unwrap(),
                price: Money::from_units(100),
            }],
            total_price: Money::from_units(100),
            status,
            reserved_at: at(0),
            expires_at: at(300),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use proptest::prelude::*;

    use super::{samples::reservation, *};

    #[test]
    fn a_run_out_hold_is_seen_as_expired_and_was_first_held_all_the_same() {
        let held = reservation(ReservationStatus::Reserved);
        let seen = held.clone().seen_at(held.expires_at);
        assert_eq!(seen, reservation(ReservationStatus::Expired));
        assert_eq!(seen.as_first_held(), held);
    }

    proptest! {
        #[test]
        fn an_unpaid_hold_counts_until_just_before_it_runs_out(
            micros in prop_oneof![-1_i64..=1, -1_000_000_i64..1_000_000],
        ) {
            let reservation = reservation(ReservationStatus::Reserved);
            let now = reservation.expires_at + Duration::microseconds(micros);
            let expected = if micros < 0 { ReservationStatus::Reserved } else { ReservationStatus::Expired };
            prop_assert_eq!(reservation.status_at(now), expected);
        }

        #[test]
        fn what_is_paid_cancelled_or_expired_stays_so(second in 0_i64..1_000_000_000) {
            let now = Utc.timestamp_opt(second, 0).unwrap();
            for status in [ReservationStatus::Paid, ReservationStatus::Cancelled, ReservationStatus::Expired] {
                prop_assert_eq!(reservation(status).status_at(now), status);
            }
        }
    }
}
