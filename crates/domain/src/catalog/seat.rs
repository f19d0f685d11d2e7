//! Seats: their numbers, names and prices, and whether they are free.

use std::collections::BTreeSet;

use crate::{
    ids::{ReservationId, ScheduleId, SeatId},
    money::Money,
    text::Name,
    time::Timestamp,
};

/// A seat's number within its schedule: 1 to 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatNumber(u8);

/// A number is not within 1 to 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a seat's number is within 1 to {}", SeatNumber::LAST)]
pub struct SeatNumberError;

impl SeatNumber {
    /// The highest number.
    pub const LAST: u8 = 50;

    /// Checks a number.
    ///
    /// # Errors
    ///
    /// [`SeatNumberError`] when it is not within 1 to 50.
    pub fn new(number: i64) -> Result<Self, SeatNumberError> {
        match u8::try_from(number) {
            Ok(number @ 1..=Self::LAST) => Ok(Self(number)),
            _ => Err(SeatNumberError),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// What the seat is called in the hall: ten seats a row, rows from A to E, so that 12 is `B2`.
    #[must_use]
    pub fn seat_name(self) -> String {
        let row = char::from(b'A' + (self.0 - 1) / 10);
        format!("{row}{}", (self.0 - 1) % 10 + 1)
    }
}

/// Who has a seat, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupancy {
    /// Nobody.
    Free,
    /// A reservation that has yet to be paid.
    Held {
        /// The reservation.
        by: ReservationId,
        /// When the hold runs out.
        until: Timestamp,
    },
    /// A reservation that was paid.
    Sold {
        /// The reservation.
        to: ReservationId,
    },
}

/// What anybody may know of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeatStatus {
    /// It can be booked.
    Available,
    /// Somebody holds it.
    Held,
    /// It is somebody's.
    Sold,
}

impl Occupancy {
    /// The seat's status at `now`: a hold that has run out does not count from that very instant on.
    #[must_use]
    pub fn status_at(self, now: Timestamp) -> SeatStatus {
        match self {
            Self::Sold { .. } => SeatStatus::Sold,
            Self::Held { until, .. } if now < until => SeatStatus::Held,
            Self::Held { .. } | Self::Free => SeatStatus::Available,
        }
    }
}

/// A seat of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The seat's id.
    pub id: SeatId,
    /// The schedule.
    pub schedule: ScheduleId,
    /// The number within the schedule.
    pub number: SeatNumber,
    /// What the seat is called in the hall.
    pub name: String,
    /// The grade, or zone.
    pub grade: Name,
    /// The price.
    pub price: Money,
    /// Who has it.
    pub occupancy: Occupancy,
}

/// Seats from one number to another, of one grade and price: how an operator describes a hall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRange {
    /// The first number.
    pub from: SeatNumber,
    /// The last number.
    pub to: SeatNumber,
    /// The grade of them all.
    pub grade: Name,
    /// The price of each.
    pub price: Money,
}

/// Why a description of a hall was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeatPlanError {
    /// No seat at all.
    #[error("a schedule has at least one seat")]
    Empty,
    /// A range whose last number is below its first.
    #[error("a range of seats must not end before it begins")]
    BackwardRange,
    /// Two ranges with a number in common.
    #[error("seat {0} is in more than one range")]
    Overlap(u8),
    /// A price below nothing.
    #[error("a price must not be negative")]
    NegativePrice,
}

/// The seats of a hall: every number at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatPlan(Vec<SeatRange>);

impl SeatPlan {
    /// Checks a description of a hall.
    ///
    /// # Errors
    ///
    /// [`SeatPlanError`] when it has no seat, a range that runs backward, overlapping ranges, or a negative
    /// price.
    pub fn new(ranges: Vec<SeatRange>) -> Result<Self, SeatPlanError> {
        let mut seen = BTreeSet::new();
        for range in &ranges {
            if range.to < range.from {
                return Err(SeatPlanError::BackwardRange);
            }
            if range.price.is_negative() {
                return Err(SeatPlanError::NegativePrice);
            }
            if let Some(twice) = (range.from.0..=range.to.0).find(|number| !seen.insert(*number)) {
                return Err(SeatPlanError::Overlap(twice));
            }
        }
        if seen.is_empty() { Err(SeatPlanError::Empty) } else { Ok(Self(ranges)) }
    }

    /// How many seats it has.
    #[must_use]
    pub fn total_seats(&self) -> u8 {
        self.0.iter().map(|range| range.to.0 - range.from.0 + 1).sum()
    }

    /// The free seats it makes in a schedule, in the order of their numbers.
    pub fn seats(&self, schedule: ScheduleId, mut next_id: impl FnMut() -> SeatId) -> Vec<Seat> {
        let mut seats: Vec<_> = self
            .0
            .iter()
            .flat_map(|range| (range.from.0..=range.to.0).map(move |number| (SeatNumber(number), range)))
            .map(|(number, range)| Seat {
                id: next_id(),
                schedule,
                number,
                name: number.seat_name(),
                grade: range.grade.clone(),
                price: range.price,
                occupancy: Occupancy::Free,
            })
            .collect();
        seats.sort_by_key(|seat| seat.number);
        seats
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn range(from: u8, to: u8) -> SeatRange {
        SeatRange {
            from: SeatNumber(from),
            to: SeatNumber(to),
            grade: Name::new("R").unwrap(),
            price: Money::from_units(1),
        }
    }

    #[test]
    fn seats_are_numbered_from_1_to_50() {
        for bad in [i64::MIN, -1, 0, 51, 257, i64::MAX] {
            assert_eq!(SeatNumber::new(bad), Err(SeatNumberError), "{bad}");
        }
        for good in [1, 50] {
            assert!(SeatNumber::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn ten_seats_make_a_row() {
        let names = [1, 10, 11, 12, 50].map(|number| SeatNumber(number).seat_name());
        assert_eq!(names, ["A1", "A10", "B1", "B2", "E10"]);
    }

    #[test]
    fn a_hall_that_makes_no_sense_is_refused() {
        assert_eq!(SeatPlan::new(vec![]), Err(SeatPlanError::Empty));
        assert_eq!(SeatPlan::new(vec![range(5, 4)]), Err(SeatPlanError::BackwardRange));
        assert_eq!(SeatPlan::new(vec![range(1, 5), range(5, 9)]), Err(SeatPlanError::Overlap(5)));
        let refund = SeatRange { price: Money::from_minor(-1), ..range(1, 1) };
        assert_eq!(SeatPlan::new(vec![refund]), Err(SeatPlanError::NegativePrice));
    }

    #[test]
    fn a_hall_may_leave_numbers_out() {
        let plan = SeatPlan::new(vec![range(9, 10), range(1, 2)]).unwrap();
        let seats = plan.seats(ScheduleId(Uuid::nil()), || SeatId(Uuid::nil()));
        let numbers: Vec<_> = seats.iter().map(|seat| seat.number.get()).collect();
        assert_eq!((plan.total_seats(), numbers), (4, vec![1, 2, 9, 10]));
    }

    proptest! {
        #[test]
        fn a_hold_counts_until_just_before_it_runs_out(distance in -1_000_000_i64..1_000_000) {
            let now = Utc.timestamp_opt(1_000, 0).unwrap();
            let until = now + Duration::microseconds(distance);
            let held = Occupancy::Held { by: ReservationId(Uuid::nil()), until };
            let expected = if distance > 0 { SeatStatus::Held } else { SeatStatus::Available };
            prop_assert_eq!(held.status_at(now), expected);
        }

        #[test]
        fn a_sold_seat_stays_sold(second in 0_i64..1_000_000_000) {
            let sold = Occupancy::Sold { to: ReservationId(Uuid::nil()) };
            prop_assert_eq!(sold.status_at(Utc.timestamp_opt(second, 0).unwrap()), SeatStatus::Sold);
        }
    }
}
