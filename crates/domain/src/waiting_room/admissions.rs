//! How many were admitted lately.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use super::MEASURED_FOR;
use crate::time::Timestamp;

/// The admissions of the last [`MEASURED_FOR`].
#[derive(Clone, Debug, Default)]
pub(super) struct Admissions {
    /// How many there were at each instant: those of one transaction share one.
    counts: BTreeMap<Timestamp, u64>,
}

impl Admissions {
    pub(super) fn note(&mut self, admitted_at: Timestamp) {
        *self.counts.entry(admitted_at).or_default() += 1;
    }

    /// Forgets what is no longer measured.
    pub(super) fn forget_before(&mut self, now: Timestamp) {
        self.counts = self.counts.split_off(&(now - MEASURED_FOR));
    }

    pub(super) fn count(&self, now: Timestamp) -> u64 {
        self.counts.range((Excluded(now - MEASURED_FOR), Unbounded)).map(|(_, count)| count).sum()
    }
}
