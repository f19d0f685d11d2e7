//! A date of a concert, and when it is on sale.

use crate::{
    ids::{ConcertId, ScheduleId},
    time::Timestamp,
};

/// When a schedule is on sale: from `opens_at` to just before `closes_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SalesWindow {
    opens_at: Timestamp,
    closes_at: Timestamp,
}

/// Sales would close before they open, or after the show has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SalesWindowError {
    /// Sales would never be open.
    #[error("sales must close after they open")]
    NeverOpen,
    /// Seats would be sold for a show that has begun.
    #[error("sales must close when the show begins, or before")]
    ClosesAfterTheShowBegins,
}

impl SalesWindow {
    /// The window of a show that begins at `show`: by default from `now` until the show begins.
    ///
    /// # Errors
    ///
    /// [`SalesWindowError`] when it would be empty or end after the show has begun.
    pub fn new(
        show: Timestamp,
        opens_at: Option<Timestamp>,
        closes_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, SalesWindowError> {
        let closes_at = closes_at.unwrap_or(show);
        // Without a word on when sales open, a show of the past has an empty window, not an error.
        let opens_at = opens_at.unwrap_or_else(|| now.min(closes_at));
        if closes_at > show {
            return Err(SalesWindowError::ClosesAfterTheShowBegins);
        }
        if closes_at < opens_at {
            return Err(SalesWindowError::NeverOpen);
        }
        Ok(Self { opens_at, closes_at })
    }

    /// The window as it was stored.
    #[must_use]
    pub const fn stored(opens_at: Timestamp, closes_at: Timestamp) -> Self {
        Self { opens_at, closes_at }
    }

    /// The first instant of sales.
    #[must_use]
    pub const fn opens_at(&self) -> Timestamp {
        self.opens_at
    }

    /// The instant from which nothing is sold any more.
    #[must_use]
    pub const fn closes_at(&self) -> Timestamp {
        self.closes_at
    }

    /// Whether seats are on sale at `now`.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.opens_at <= now && now < self.closes_at
    }
}

/// A date of a concert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The schedule's id.
    pub id: ScheduleId,
    /// The concert.
    pub concert: ConcertId,
    /// When the show begins.
    pub starts_at: Timestamp,
    /// When its seats are on sale.
    pub sales: SalesWindow,
    /// How many seats it has.
    pub total_seats: u8,
}

/// A schedule, and how many of its seats are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleAvailability {
    /// The schedule.
    pub schedule: Schedule,
    /// Seats that are neither sold nor under a hold that still counts.
    pub available_seats: u8,
}

impl ScheduleAvailability {
    /// Whether a seat can be booked at `now`.
    #[must_use]
    pub fn is_bookable_at(&self, now: Timestamp) -> bool {
        self.available_seats > 0 && self.schedule.sales.is_open_at(now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    #[test]
    fn sales_are_open_at_once_until_the_show_begins_if_nothing_is_said() {
        let window = SalesWindow::new(at(100), None, None, at(10)).unwrap();
        assert_eq!((window.opens_at(), window.closes_at()), (at(10), at(100)));
    }

    #[test]
    fn sales_are_open_from_the_first_instant_to_just_before_the_last() {
        let window = SalesWindow::new(at(100), Some(at(20)), Some(at(30)), at(10)).unwrap();
        let open: Vec<_> = [19, 20, 29, 30].map(|second| window.is_open_at(at(second))).into();
        assert_eq!(open, [false, true, true, false]);
    }

    #[test]
    fn sales_that_go_on_into_the_show_are_refused() {
        let refused = SalesWindow::new(at(100), None, Some(at(101)), at(10));
        assert_eq!(refused, Err(SalesWindowError::ClosesAfterTheShowBegins));
    }

    #[test]
    fn sales_that_close_before_they_open_are_refused() {
        let refused = SalesWindow::new(at(100), Some(at(50)), Some(at(49)), at(10));
        assert_eq!(refused, Err(SalesWindowError::NeverOpen));
    }

    #[test]
    fn a_show_of_the_past_is_never_on_sale() {
        let window = SalesWindow::new(at(5), None, None, at(10)).unwrap();
        assert!(!window.is_open_at(at(5)) && !window.is_open_at(at(4)));
    }

    #[test]
    fn a_schedule_can_be_booked_while_it_is_on_sale_and_a_seat_is_free() {
        let bookable = |available_seats, second| {
            let schedule = Schedule {
                id: ScheduleId(uuid::Uuid::nil()),
                concert: ConcertId(uuid::Uuid::nil()),
                starts_at: at(100),
                sales: SalesWindow::new(at(100), Some(at(20)), Some(at(30)), at(10)).unwrap(),
                total_seats: 50,
            };
            ScheduleAvailability { schedule, available_seats }.is_bookable_at(at(second))
        };
        assert_eq!([(1, 25), (50, 25)].map(|(seats, second)| bookable(seats, second)), [true; 2]);
        assert_eq!(
            [(0, 25), (1, 19), (1, 30), (0, 30)].map(|(seats, second)| bookable(seats, second)),
            [false; 4]
        );
    }
}
