//! What came of asking.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::Answer;

/// No answer takes longer: the service gives up before.
const LONGEST: Duration = Duration::from_mins(1);
const DIGITS: u8 = 3;
/// How much is told of an answer that nobody expected.
const SAMPLE: usize = 500;

/// An answer that is counted for itself: its status, and what its body contains.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    pub status: u16,
    pub mark: &'static str,
}

impl Expected {
    pub const OK: Self = Self { status: 200, mark: "" };
    pub const CREATED: Self = Self { status: 201, mark: "" };

    fn is(self, answer: &Answer<'_>) -> bool {
        let mark = self.mark.as_bytes();
        self.status == answer.status
            && (mark.is_empty() || answer.body.windows(mark.len()).any(|bytes| bytes == mark))
    }
}

/// Latencies in microseconds, and how often each kind of answer came.
#[derive(Clone)]
pub struct Tally {
    pub latencies: Histogram<u64>,
    pub began: Instant,
    pub elapsed: Duration,
    /// When the first answer came of each of the expected ones, in their order.
    pub firsts: Vec<Option<Instant>>,
    /// How often each of the expected answers came, in their order.
    pub counts: Vec<u64>,
    expected: &'static [Expected],
    unexpected: Option<String>,
}

/// A histogram for latencies in microseconds; what takes longer than anything should counts as that long.
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, DIGITS).expect("the bounds are in order")
}

impl Tally {
    pub fn new(expected: &'static [Expected]) -> Self {
        Self {
            latencies: latencies(),
            began: Instant::now(),
            elapsed: Duration::ZERO,
            firsts: vec![None; expected.len()],
            counts: vec![0; expected.len()],
            expected,
            unexpected: None,
        }
    }

    pub fn record(&mut self, took: Duration, answer: &Answer<'_>) {
        self.latencies.saturating_record(took.as_micros() as u64);
        match self.expected.iter().position(|expected| expected.is(answer)) {
            Some(kind) => {
                self.counts[kind] += 1;
                if self.firsts[kind].is_none() {
                    self.firsts[kind] = Some(Instant::now());
                }
            }
            None if self.unexpected.is_none() => {
                let body = &answer.body[..answer.body.len().min(SAMPLE)];
                self.unexpected = Some(format!("{} {}", answer.status, String::from_utf8_lossy(body)));
            }
            None => {}
        }
    }

    /// Insists that nothing but what was expected was answered.
    #[must_use]
    #[track_caller]
    pub fn insist(self) -> Self {
        if let Some(answer) = &self.unexpected {
            panic!("expected one of {:?}, but one answer was {answer}", self.expected);
        }
        self
    }

    pub fn count(&self) -> u64 {
        self.latencies.len()
    }

    pub fn a_second(&self) -> f64 {
        self.count() as f64 / self.elapsed.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &[Expected] = &[Expected::CREATED, Expected { status: 409, mark: "SEAT_TAKEN" }];

    #[test]
    fn answers_are_counted_by_their_status_and_what_they_contain() {
        let mut tally = Tally::new(EXPECTED);
        for (status, body) in [(201, "{}"), (409, "a SEAT_TAKEN b"), (409, "SEAT_TAKEN")] {
            tally.record(Duration::from_micros(10), &Answer { status, body: body.as_bytes() });
        }
        assert_eq!(tally.insist().counts, [1, 2]);
    }

    #[test]
    #[should_panic(expected = "409 another")]
    fn an_answer_that_nobody_expected_is_told() {
        let mut tally = Tally::new(EXPECTED);
        tally.record(Duration::from_micros(10), &Answer { status: 409, body: b"another" });
        drop(tally.insist());
    }

    #[test]
    fn a_rate_is_what_was_answered_by_the_time_it_took() {
        let mut tally = Tally::new(EXPECTED);
        for _ in 0..10 {
            tally.record(Duration::from_millis(1), &Answer { status: 201, body: b"" });
        }
        tally.elapsed = Duration::from_secs(2);
        assert!((tally.a_second() - 5.0).abs() < f64::EPSILON);
        assert_eq!(tally.latencies.value_at_quantile(0.5), 1_000);
    }
}
