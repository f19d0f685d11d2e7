//! Who of those who wait asked when: eight bytes each, and no lock while somebody asks.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::Duration;
use domain::waiting_room::Pace;
use tokio::time::Instant;

/// Numbers that share a page.
const PAGE: u64 = 4_096;

/// A question: when it was, and when the next was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// How long ago, to the second, and rather less than more.
    pub(super) ago: Duration,
    /// After how long the next was to be.
    pub(super) told: Duration,
}

/// The book. Instants are counted from when it was begun.
pub(super) struct PresenceBook {
    begun: Instant,
    pages: RwLock<HashMap<u64, Arc<[AtomicU64]>>>,
}

/// What stands in the book of one number, in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// The second of the last question, counted from 1; none asked yet at 0. 27 bits last for four years.
    asked: u64,
    /// After how many seconds the next was to be: 5 bits, since it is 30 at most.
    told: u64,
    /// The pace used up, in tenths of a second: 32 bits.
    used_until: u64,
}

impl Entry {
    const fn unpack(bits: u64) -> Self {
        Self { asked: bits >> 37, told: (bits >> 32) & 0x1f, used_until: bits & 0xffff_ffff }
    }

    const fn pack(self) -> u64 {
        (self.asked << 37) | ((self.told & 0x1f) << 32) | (self.used_until & 0xffff_ffff)
    }
}

fn seconds(duration: Duration) -> u64 {
    u64::try_from(duration.num_seconds()).unwrap_or(0)
}

fn tenths(duration: Duration) -> u64 {
    u64::try_from(duration.num_milliseconds() / 100).unwrap_or(0)
}

fn of_tenths(tenths: u64) -> Duration {
    Duration::milliseconds(i64::try_from(tenths).unwrap_or(0) * 100)
}

impl PresenceBook {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), pages: RwLock::default() }
    }

    fn now(&self) -> Duration {
        Duration::from_std(self.begun.elapsed()).unwrap_or(Duration::MAX)
    }

    /// Notes that somebody is there.
    pub(super) fn note(&self, number: u64, told: Duration) {
        let asked = seconds(self.now()) + 1;
        let note = |bits| Entry { asked, told: seconds(told), ..Entry::unpack(bits) }.pack();
        self.entry(number, |entry| _ = entry.update(Ordering::Relaxed, Ordering::Relaxed, note));
    }

    /// Counts a question, and notes the presence; a question that comes too fast counts as presence alone.
    ///
    /// # Errors
    ///
    /// After how long the next question would be answered.
    pub(super) fn count(&self, number: u64, told: Duration) -> Result<(), Duration> {
        let now = self.now();
        let asked = seconds(now) + 1;
        let mut verdict = Ok(());
        let count = |bits| {
            let entry = Entry::unpack(bits);
            let pace = Pace { used_until: of_tenths(entry.used_until) }.ask(now, told);
            verdict = pace.map(|_| ());
            let used_until = pace.map_or(entry.used_until, |pace| tenths(pace.used_until));
            Entry { asked, told: seconds(told), used_until }.pack()
        };
        self.entry(number, |entry| _ = entry.update(Ordering::Relaxed, Ordering::Relaxed, count));
        verdict
    }

    /// The last question of somebody.
    pub(super) fn last_question(&self, number: u64) -> Option<Question> {
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let entry = pages.get(&(number / PAGE))?.get(place_on_page(number))?;
        let Entry { asked, told, .. } = Entry::unpack(entry.load(Ordering::Relaxed));
        let asked_at = Duration::seconds(i64::try_from(asked.checked_sub(1)?).ok()? + 1);
        let ago = (self.now() - asked_at).max(Duration::zero());
        Some(Question { ago, told: Duration::seconds(i64::try_from(told).ok()?) })
    }

    /// Tears out the pages of numbers nobody waits with.
    pub(super) fn keep(&self, somebody_waits: impl Fn(std::ops::RangeInclusive<u64>) -> bool) {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|page, _| somebody_waits(page * PAGE..=page * PAGE + (PAGE - 1)));
    }

    fn entry(&self, number: u64, write: impl FnOnce(&AtomicU64)) {
        let page = {
            let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
            pages.get(&(number / PAGE)).cloned()
        };
        let page = page.unwrap_or_else(|| self.new_page(number / PAGE));
        if let Some(entry) = page.get(place_on_page(number)) {
            write(entry);
        }
    }

    fn new_page(&self, page: u64) -> Arc<[AtomicU64]> {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pages.entry(page).or_insert_with(|| (0..PAGE).map(|_| AtomicU64::new(0)).collect()))
    }
}

fn place_on_page(number: u64) -> usize {
    usize::try_from(number % PAGE).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Duration = Duration::seconds(4);

    fn ago(book: &PresenceBook, number: u64) -> Option<i64> {
        book.last_question(number).map(|question| question.ago.num_seconds())
    }

    #[tokio::test(start_paused = true)]
    async fn who_asked_when_is_remembered_to_the_second() {
        let book = PresenceBook::begin();
        book.note(5, TOLD);
        tokio::time::advance(std::time::Duration::from_secs(100)).await;
        book.note(4_096, TOLD);
        assert_eq!((ago(&book, 5), ago(&book, 4_096), ago(&book, 6)), (Some(99), Some(0), None));
        assert_eq!(book.last_question(5).unwrap().told, TOLD);
    }

    #[tokio::test(start_paused = true)]
    async fn questions_that_come_too_fast_are_refused_and_count_as_presence() {
        let book = PresenceBook::begin();
        let answered = (0..40).filter(|_| book.count(7, TOLD).is_ok()).count();
        assert_eq!(answered, 11);
        assert_eq!(ago(&book, 7), Some(0));
        assert!(book.count(8, TOLD).is_ok(), "expected others to be answered");
        let wait = book.count(7, TOLD).unwrap_err();
        tokio::time::advance(wait.to_std().unwrap() + std::time::Duration::from_millis(100)).await;
        assert!(book.count(7, TOLD).is_ok(), "expected an answer after {wait}");
    }

    #[tokio::test]
    async fn pages_nobody_needs_are_torn_out() {
        let book = PresenceBook::begin();
        book.note(1, TOLD);
        book.note(5_000, TOLD);
        book.keep(|numbers| numbers.contains(&5_000));
        assert_eq!((ago(&book, 1), ago(&book, 5_000)), (None, Some(0)));
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = Entry { asked: (1 << 27) - 1, told: 30, used_until: u64::from(u32::MAX) };
        assert_eq!(Entry::unpack(entry.pack()), entry);
    }
}
