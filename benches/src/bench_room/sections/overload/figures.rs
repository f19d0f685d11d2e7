//! What became of everything that was asked.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use encore_benches::{http::Answer, report::decimals};
use hdrhistogram::Histogram;

/// The longest that is told apart, in microseconds.
const LONGEST: u64 = 60_000_000;

/// Latencies from when a request should have been sent.
pub(super) struct Latencies(Histogram<u64>);

/// What became of what was asked in a phase.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) lasted: Duration,
    pub(super) served: Latencies,
    pub(super) served_by_kind: BTreeMap<&'static str, Latencies>,
    pub(super) refused: Latencies,
    pub(super) refused_by_code: BTreeMap<(u16, String), u64>,
    /// Neither served nor told to come later.
    pub(super) neither: BTreeMap<(u16, String), u64>,
    pub(super) without_retry_after: u64,
    pub(super) timed_out: u64,
    pub(super) cut: u64,
    pub(super) unconnected: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).unwrap())
    }
}

impl Latencies {
    fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST).max(1));
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(super) fn milliseconds(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e3
    }

    /// p50, p99 and the longest, in milliseconds.
    pub(super) fn cells(&self) -> [String; 3] {
        if self.count() == 0 {
            return [const { String::new() }; 3];
        }
        [0.5, 0.99, 1.0].map(|share| decimals(self.milliseconds(share), 1))
    }
}

impl Figures {
    /// Takes note of an answer to what should have been asked at `due`.
    pub(super) fn answered(&mut self, kind: &'static str, due: Instant, answer: &Answer) {
        let latency = due.elapsed();
        if answer.status < 300 {
            self.served.record(latency);
            self.served_by_kind.entry(kind).or_default().record(latency);
            return;
        }
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = (answer.status, problem["code"].as_str().unwrap_or_default().to_owned());
        if ![429, 503].contains(&answer.status) {
            *self.neither.entry(code).or_default() += 1;
            return;
        }
        self.refused.record(latency);
        self.without_retry_after += u64::from(!answer.says_when);
        *self.refused_by_code.entry(code).or_default() += 1;
    }

    pub(super) fn a_second(&self, count: u64) -> String {
        decimals(count as f64 / self.lasted.as_secs_f64(), 0)
    }
}

/// Counts by code, in words.
pub(super) fn counts(by_code: &BTreeMap<(u16, String), u64>) -> String {
    let counts = by_code.iter().map(|((status, code), count)| format!("{count} x {status} {code}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    if counts.is_empty() { "none".to_owned() } else { counts }
}
