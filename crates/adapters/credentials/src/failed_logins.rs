//! Failed logins, remembered by this instance.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;
use domain::{
    identity::{Email, FailedLogins, LoginPolicy},
    time::Timestamp,
};

/// Addresses that are remembered, at most: beyond it the one whose failure is the longest ago is forgotten.
const ADDRESSES_AT_MOST: usize = 100_000;

/// Remembers failed logins in memory.
pub struct MemoryFailedLogins {
    policy: LoginPolicy,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    by_address: HashMap<Email, Vec<Timestamp>>,
    /// Every address once for each of its failures, in the order in which they happened.
    in_order: VecDeque<(Timestamp, Email)>,
}

impl MemoryFailedLogins {
    /// Nothing has failed yet.
    #[must_use]
    pub fn new(policy: LoginPolicy) -> Self {
        Self { policy, failures: Mutex::default() }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn closed_for(&self, email: &Email, policy: &LoginPolicy, now: Timestamp) -> Option<Duration> {
        policy.closed_for(self.by_address.get(email)?, now)
    }

    /// Forgets what no longer counts, and what is too much.
    fn forget(&mut self, policy: &LoginPolicy, now: Timestamp) {
        while let Some((at, _)) = self.in_order.front() {
            if now < *at + policy.window && self.in_order.len() <= ADDRESSES_AT_MOST {
                return;
            }
            let Some((at, email)) = self.in_order.pop_front() else { return };
            let Some(failures) = self.by_address.get_mut(&email) else { continue };
            failures.retain(|failure| *failure != at);
            if failures.is_empty() {
                self.by_address.remove(&email);
            }
        }
    }
}

impl FailedLogins for MemoryFailedLogins {
    fn closed_for(&self, email: &Email, now: Timestamp) -> Option<Duration> {
        self.failures().closed_for(email, &self.policy, now)
    }

    fn failed(&self, email: &Email, now: Timestamp) -> Option<Duration> {
        let mut failures = self.failures();
        let closed = failures.closed_for(email, &self.policy, now);
        if closed.is_none() {
            failures.by_address.entry(email.clone()).or_default().push(now);
            failures.in_order.push_back((now, email.clone()));
            failures.forget(&self.policy, now);
        }
        closed
    }

    fn succeeded(&self, email: &Email, now: Timestamp) -> Option<Duration> {
        let mut failures = self.failures();
        let closed = failures.closed_for(email, &self.policy, now);
        if closed.is_none() {
            failures.by_address.remove(email);
        }
        closed
    }
}

/// Lets every login be tried, however many have failed: for load tests.
pub struct NoLoginLimit;

impl FailedLogins for NoLoginLimit {
    fn closed_for(&self, _email: &Email, _now: Timestamp) -> Option<Duration> {
        None
    }

    fn failed(&self, _email: &Email, _now: Timestamp) -> Option<Duration> {
        None
    }

    fn succeeded(&self, _email: &Email, _now: Timestamp) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn logins() -> MemoryFailedLogins {
        MemoryFailedLogins::new(LoginPolicy { failures_at_most: 2, window: Duration::seconds(60) })
    }

    fn email(name: &str) -> Email {
        Email::new(&format!("{name}@example.org")).unwrap()
    }

    #[test]
    fn an_address_is_closed_after_too_many_failures_and_open_again_later() {
        let logins = logins();
        logins.failed(&email("ada"), at(0));
        assert_eq!(logins.closed_for(&email("ada"), at(1)), None);
        logins.failed(&email("ada"), at(10));
        assert_eq!(logins.closed_for(&email("ada"), at(11)), Some(Duration::seconds(49)));
        assert_eq!(logins.closed_for(&email("bob"), at(11)), None);
        assert_eq!(logins.closed_for(&email("ada"), at(60)), None);
    }

    #[test]
    fn a_good_login_forgets_the_failures() {
        let logins = logins();
        logins.failed(&email("ada"), at(0));
        assert_eq!(logins.succeeded(&email("ada"), at(1)), None);
        assert_eq!(logins.failed(&email("ada"), at(2)), None);
        assert_eq!(logins.closed_for(&email("ada"), at(3)), None);
    }

    #[test]
    fn nothing_is_counted_or_forgotten_while_an_address_is_closed() {
        let logins = logins();
        logins.failed(&email("ada"), at(0));
        logins.failed(&email("ada"), at(1));
        assert_eq!(logins.failed(&email("ada"), at(2)), Some(Duration::seconds(58)));
        assert_eq!(logins.succeeded(&email("ada"), at(3)), Some(Duration::seconds(57)));
        assert_eq!(logins.closed_for(&email("ada"), at(4)), Some(Duration::seconds(56)));
        assert_eq!(logins.closed_for(&email("ada"), at(60)), None);
    }

    #[test]
    fn what_no_longer_counts_is_not_kept() {
        let logins = logins();
        for second in 0..1_000 {
            logins.failed(&email(&second.to_string()), at(second));
        }
        let kept = logins.failures.lock().unwrap();
        assert!(kept.in_order.len() <= 61, "{} failures are kept", kept.in_order.len());
        assert_eq!(kept.in_order.len(), kept.by_address.len());
    }
}
