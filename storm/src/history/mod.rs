//! What happened, call by call, as those who called saw it.

mod call;
mod code;
mod seats;

pub use call::*;
pub use code::Code;
pub use seats::SeatSet;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// An id, as a number.
pub type Id = u128;
/// Microseconds since the storm began, by the storm's own clock, which never goes back.
pub type Moment = i64;
/// A moment that never comes.
pub const NEVER: Moment = Moment::MAX;

/// The storm's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    zero: Instant,
    /// What the machine's calendar said at the beginning, in microseconds since 1970.
    wall_zero: i64,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { zero: Instant::now(), wall_zero: calendar() }
    }

    /// A clock whose moments are those of the calendar.
    #[cfg(test)]
    pub(crate) fn of_the_calendar() -> Self {
        Self { zero: Instant::now(), wall_zero: 0 }
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        i64::try_from(self.zero.elapsed().as_micros()).unwrap()
    }

    /// The moment of an instant of the calendar, given in microseconds since 1970.
    #[must_use]
    pub fn moment_of(&self, calendar: i64) -> Moment {
        calendar - self.wall_zero
    }

    /// By how much the calendar has moved against this clock since the beginning, in microseconds.
    #[must_use]
    pub fn drift(&self) -> i64 {
        (self.moment_of(calendar()) - self.now()).abs()
    }
}

fn calendar() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// What the storm has set for the service, so that the judge knows what to expect. Times in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long seats are held.
    pub hold: i64,
    /// How long a turn lasts once its owner has come.
    pub session: i64,
    /// How long a turn waits for its owner.
    pub claim: i64,
    /// The most turns live at a time.
    pub max_active: i64,
    /// The most unpaid seats of a schedule that somebody holds at a time.
    pub seats_at_most: u32,
    /// How long the service may take to find back to a store that is there again.
    pub finds_back: i64,
    /// How long any answer may take.
    pub answered_within: i64,
    /// By how much an instant of the store's may differ from the storm's clock.
    pub slack: i64,
}

/// Everything that was seen of a storm from outside.
#[derive(Debug)]
pub struct History {
    /// What was set.
    pub rules: Rules,
    /// The storm's clock.
    pub clock: Clock,
    /// The users' ids, by the fans' numbers.
    pub fans: Vec<Id>,
    /// The schedules' ids, by their numbers.
    pub schedules: Vec<Id>,
    /// Every call.
    pub calls: Vec<Call>,
    /// How many turns were live, at moments.
    pub samples: Vec<(Moment, i64)>,
    /// From when to when the store was away.
    pub outages: Vec<(Moment, Moment)>,
}
