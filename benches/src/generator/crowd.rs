//! Callers within this process: each makes the next attempt as soon as it has been told what became of the one before.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use tokio::sync::Barrier;

use super::latencies;

/// How many attempts there are, and who makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    pub attempts: u64,
    pub callers: usize,
}

/// What a caller was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Made,
    Refused,
    /// Neither: somebody else was just at it.
    Busy,
}

/// What became of an attempt, and how often it was begun again for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub told: Told,
    pub retries: u64,
}

/// What became of them all.
#[derive(Debug)]
pub struct Attempts {
    pub began: Instant,
    pub elapsed: Duration,
    pub made: u64,
    pub refused: u64,
    pub busy: u64,
    pub retries: u64,
    /// In microseconds.
    pub latencies: Histogram<u64>,
}

/// An attempt as its caller saw it: whoever waits for all callers may be late to look at the clock.
struct Made {
    attempt: Attempt,
    began: Instant,
    ended: Instant,
}

impl Attempts {
    fn of(attempts: &[Made]) -> Self {
        let mut latencies = latencies();
        for made in attempts {
            latencies.saturating_record((made.ended - made.began).as_micros() as u64);
        }
        let began = attempts.iter().map(|made| made.began).min().expect("there is an attempt");
        let ended = attempts.iter().map(|made| made.ended).max().expect("there is an attempt");
        let told = |told| attempts.iter().filter(|made| made.attempt.told == told).count() as u64;
        Self {
            began,
            elapsed: ended - began,
            made: told(Told::Made),
            refused: told(Told::Refused),
            busy: told(Told::Busy),
            retries: attempts.iter().map(|made| made.attempt.retries).sum(),
            latencies,
        }
    }
}

impl Crowd {
    /// Makes every attempt once; `attempt` is told its number, from 0 on. All callers begin together.
    pub async fn make<F>(self, attempt: impl Fn(u64) -> F + Send + Sync + 'static) -> Attempts
    where
        F: Future<Output = Attempt> + Send + 'static,
    {
        let shared = Arc::new((AtomicU64::new(0), Barrier::new(self.callers), attempt));
        let calling: Vec<_> = (0..self.callers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let (next, all_are_there, attempt) = &*shared;
                    all_are_there.wait().await;
                    call(next, self.attempts, attempt).await
                })
            })
            .collect();
        let told = join_all(calling).await.into_iter();
        let attempts: Vec<_> = told.flat_map(|told| told.expect("every caller is told")).collect();
        Attempts::of(&attempts)
    }
}

async fn call<F: Future<Output = Attempt>>(
    next: &AtomicU64,
    attempts: u64,
    attempt: &impl Fn(u64) -> F,
) -> Vec<Made> {
    let mut told = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= attempts {
            return told;
        }
        let began = Instant::now();
        let attempt = attempt(number).await;
        told.push(Made { attempt, began, ended: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn every_attempt_is_made_once_and_counted_by_what_was_told() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let attempts = Crowd { attempts: 10, callers: 3 }
            .make(move |number| {
                noted.lock().unwrap().push(number);
                let told = match number {
                    0 => Told::Made,
                    1..=6 => Told::Refused,
                    _ => Told::Busy,
                };
                async move { Attempt { told, retries: number % 2 } }
            })
            .await;
        let mut seen = seen.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>(), "expected each number once");
        assert_eq!((attempts.made, attempts.refused, attempts.busy, attempts.retries), (1, 6, 3, 5));
        assert_eq!(attempts.latencies.len(), 10);
    }

    #[tokio::test]
    async fn callers_do_not_wait_for_each_other() {
        // Each attempt ends once the other has begun.
        let both = Arc::new(Barrier::new(2));
        let attempts = Crowd { attempts: 2, callers: 2 }.make(move |_| {
            let both = Arc::clone(&both);
            async move {
                both.wait().await;
                Attempt { told: Told::Made, retries: 0 }
            }
        });
        let attempts = tokio::time::timeout(Duration::from_secs(10), attempts).await;
        assert_eq!(attempts.expect("expected both to be under way at once").made, 2);
    }
}
