//! The server's clock, so that all instances agree on the time, however wrong their own clocks are.

use std::{
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::SubsecRound;
use domain::time::{Clock, Timestamp};

/// How often the server is asked for the time.
pub(super) const ASKED_EVERY: Duration = Duration::from_secs(10);
/// How often each time. Where the machine is busy one answer may be late by many times its way.
pub(super) const ASKED_AT_ONCE: usize = 5;

/// What the server said, and when by a clock that only ever runs forward.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    server: Timestamp,
    taken: Instant,
    /// How far off the reading may be.
    uncertainty: Duration,
}

impl Reading {
    /// What the server said to a question asked at `asked` and answered just now. It looked at its clock
    /// somewhere in between: halfway, as NTP assumes (RFC 5905, section 8).
    pub(super) fn new(server: Timestamp, asked: Instant) -> Self {
        let uncertainty = asked.elapsed() / 2;
        Self { server, taken: asked + uncertainty, uncertainty }
    }

    /// The one that may be less far off: of several questions the one that was answered soonest, as NTP's clock
    /// filter has it (RFC 5905, section 10).
    pub(super) fn or_better(self, other: Self) -> Self {
        if other.uncertainty < self.uncertainty { other } else { self }
    }

    fn now(&self) -> Timestamp {
        self.server + chrono::Duration::from_std(self.taken.elapsed()).unwrap_or_default()
    }
}

/// Follows the server's clock: between two questions the time since the last one is measured here, by a
/// clock that nobody sets.
pub(super) struct ServerClock {
    reading: RwLock<Reading>,
}

impl ServerClock {
    pub(super) fn new(reading: Reading) -> Self {
        Self { reading: RwLock::new(reading) }
    }

    /// Takes a later reading, unless the earlier one agrees with it within what the later may be off: a slow
    /// answer does not make a good clock worse.
    pub(super) fn correct(&self, later: Reading) {
        let mut reading = self.reading.write().unwrap_or_else(PoisonError::into_inner);
        let apart = (later.now() - reading.now()).abs().to_std().unwrap_or(Duration::MAX);
        if apart > later.uncertainty || later.uncertainty <= reading.uncertainty {
            *reading = later;
        }
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        self.reading.read().unwrap_or_else(PoisonError::into_inner).now().trunc_subsecs(6)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    fn reading(second: i64, uncertainty: Duration) -> Reading {
        let server = Utc.timestamp_opt(second, 0).unwrap();
        Reading { server, taken: Instant::now(), uncertainty }
    }

    fn seconds(clock: &ServerClock) -> i64 {
        clock.now().timestamp()
    }

    #[test]
    fn the_servers_time_goes_on_here() {
        let clock = ServerClock::new(reading(1_000, Duration::ZERO));
        let first = clock.now();
        assert_eq!(seconds(&clock), 1_000, "whatever this machine's clock says");
        assert!(clock.now() >= first);
    }

    #[test]
    fn of_several_answers_the_quickest_tells_the_time() {
        let [slow, quick] = [(1_002, 3), (1_000, 1)].map(|(at, off)| reading(at, Duration::from_secs(off)));
        for best in [slow.or_better(quick), quick.or_better(slow)] {
            assert_eq!(seconds(&ServerClock::new(best)), 1_000);
        }
    }

    #[test]
    fn a_slow_answer_does_not_make_a_good_clock_worse() {
        let clock = ServerClock::new(reading(1_000, Duration::from_millis(1)));
        clock.correct(reading(1_002, Duration::from_secs(3)));
        assert_eq!(seconds(&clock), 1_000);
    }

    #[test]
    fn a_server_whose_clock_was_set_is_followed() {
        let clock = ServerClock::new(reading(1_000, Duration::from_millis(1)));
        clock.correct(reading(2_000, Duration::from_millis(5)));
        assert_eq!(seconds(&clock), 2_000);
    }
}
