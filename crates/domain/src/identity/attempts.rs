//! Failed logins, counted, so that passwords can not be guessed.

use chrono::Duration;

use super::Email;
use crate::time::Timestamp;

/// How many logins may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPolicy {
    /// So many failures for one address within the window close it until the oldest has left the window.
    pub failures_at_most: usize,
    /// For how long a failure counts.
    pub window: Duration,
}

impl Default for LoginPolicy {
    /// Ten failures within five minutes.
    fn default() -> Self {
        Self { failures_at_most: 10, window: Duration::minutes(5) }
    }
}

impl LoginPolicy {
    /// How long an address with these failures, oldest first, stays closed; none if it is open.
    #[must_use]
    pub fn closed_for(&self, failures: &[Timestamp], now: Timestamp) -> Option<Duration> {
        let mut counting = failures.iter().filter(|at| now < **at + self.window);
        let surplus = counting.clone().count().checked_sub(self.failures_at_most)?;
        counting.nth(surplus).map(|at| *at + self.window - now)
    }
}

/// Remembers failed logins. What is remembered may be an instance's own, and is bounded.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait FailedLogins: Send + Sync {
    /// How long the address stays closed; none if it is open.
    fn closed_for(&self, email: &Email, now: Timestamp) -> Option<Duration>;

    /// Counts a failure, if the address is open; if it is closed by now, tells for how long it stays so. That is
    /// one step: of guesses made at the same moment no more are told to be wrong than [`LoginPolicy`] lets fail.
    fn failed(&self, email: &Email, now: Timestamp) -> Option<Duration>;

    /// Forgets the address's failures, if it is open: its owner has been there. If it is closed by now, tells for
    /// how long it stays so: a guess that was right only after too many were wrong is not told from them.
    fn succeeded(&self, email: &Email, now: Timestamp) -> Option<Duration>;
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    const POLICY: LoginPolicy = LoginPolicy { failures_at_most: 2, window: Duration::seconds(60) };

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    #[test]
    fn an_address_is_open_below_the_limit() {
        assert_eq!(POLICY.closed_for(&[], at(100)), None);
        assert_eq!(POLICY.closed_for(&[at(99)], at(100)), None);
    }

    #[test]
    fn an_address_is_closed_until_its_oldest_counting_failure_has_left_the_window() {
        assert_eq!(POLICY.closed_for(&[at(50), at(90)], at(100)), Some(Duration::seconds(10)));
        assert_eq!(POLICY.closed_for(&[at(50), at(70), at(90)], at(100)), Some(Duration::seconds(30)));
    }

    #[test]
    fn a_failure_counts_until_just_before_the_end_of_the_window() {
        assert_eq!(POLICY.closed_for(&[at(40), at(90)], at(100)), None);
    }
}
