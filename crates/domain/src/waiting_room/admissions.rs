//! How many were admitted lately.

use std::collections::BTreeMap;

use super::MEASURED_FOR;
use crate::time::Timestamp;

/// The admissions of the last [`MEASURED_FOR`], as of the last reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Admissions {
    /// How many there were at each instant: those of one transaction share one.
    counts: BTreeMap<Timestamp, u64>,
    /// Their sum, since it is asked for at every poll.
    sum: u64,
}

impl Admissions {
    pub(super) fn note(&mut self, admitted_at: Timestamp) {
        *self.counts.entry(admitted_at).or_default() += 1;
        self.sum += 1;
    }

    /// Forgets what is no longer measured.
    pub(super) fn forget_before(&mut self, now: Timestamp) {
        while let Some(oldest) =
            self.counts.first_entry().filter(|oldest| *oldest.key() <= now - MEASURED_FOR)
        {
            self.sum -= oldest.remove();
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.sum
    }
}
