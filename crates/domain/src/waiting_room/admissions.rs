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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn admissions_are_counted_for_a_minute() {
        let mut admissions = Admissions::default();
        assert_eq!(admissions.count(), 0);
        for second in [0, 0, 0, 10] {
            admissions.note(at(second));
        }
        for (now, count) in [(59, 4), (60, 1), (69, 1), (70, 0)] {
            admissions.forget_before(at(now));
            assert_eq!(admissions.count(), count, "at {now}");
        }
    }
}
