//! The machine's clock, for the store that has no server to ask.

use chrono::{SubsecRound, Utc};
use domain::time::{Clock, Timestamp};

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}
