//! The server's clock, so that all instances agree on the time, however wrong their own clocks are.

use std::{
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::SubsecRound;
use domain::{
    storage::StorageError,
    time::{Clock, Timestamp},
};

/// How often the server is asked for the time.
pub(super) const ASKED_EVERY: Duration = Duration::from_secs(10);

/// What the server said, and when by a clock that only ever runs forward.
#[derive(Clone, Copy)]
struct Reading {
    server: Timestamp,
    taken: Instant,
}

/// Follows the server's clock: between two questions the time since the last one is measured here, by a
/// clock that nobody sets.
pub(super) struct ServerClock {
    reading: RwLock<Reading>,
}

impl ServerClock {
    /// Starts from what the server said to a question asked at `asked` and answered just now.
    pub(super) fn new(server: Timestamp, asked: Instant) -> Self {
        Self { reading: RwLock::new(Reading::new(server, asked)) }
    }

    /// Takes what the server said to a later question.
    pub(super) fn correct(&self, server: Timestamp, asked: Instant) {
        *self.reading.write().unwrap_or_else(PoisonError::into_inner) = Reading::new(server, asked);
    }
}

impl Reading {
    /// The server looked at its clock somewhere between question and answer: halfway, as NTP assumes
    /// (RFC 5905, section 8).
    fn new(server: Timestamp, asked: Instant) -> Self {
        Self { server, taken: asked + asked.elapsed() / 2 }
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let reading = *self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let since = chrono::Duration::from_std(reading.taken.elapsed()).unwrap_or_default();
        (reading.server + since).trunc_subsecs(6)
    }
}

/// A question for the time.
pub(super) type Answer = Result<Timestamp, StorageError>;
