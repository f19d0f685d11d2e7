//! Who watches which ticket.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::waiting_room::TicketWatch;
use tokio::sync::watch;

type Watched = Arc<Mutex<HashMap<u64, watch::Sender<()>>>>;

/// The tickets that somebody watches.
#[derive(Default)]
pub(super) struct Watches {
    watched: Watched,
}

/// One who watches; the last one takes the ticket off the list.
struct Watch {
    number: u64,
    /// Until the watch ends.
    changes: Option<watch::Receiver<()>>,
    watched: Watched,
}

impl Watches {
    pub(super) fn watch(&self, number: u64) -> Box<dyn TicketWatch> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = watched.entry(number).or_insert_with(|| watch::Sender::new(())).subscribe();
        Box::new(Watch { number, changes: Some(changes), watched: Arc::clone(&self.watched) })
    }

    /// Tells everybody who watches a ticket.
    pub(super) fn tell_all(&self) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for changes in watched.values() {
            changes.send_replace(());
        }
    }

    /// Tells those who watch any of these tickets.
    pub(super) fn tell(&self, numbers: impl Iterator<Item = u64>) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.is_empty() {
            return;
        }
        for changes in numbers.filter_map(|number| watched.get(&number)) {
            changes.send_replace(());
        }
    }
}

#[async_trait]
impl TicketWatch for Watch {
    async fn changed(&mut self) {
        if let Some(changes) = &mut self.changes
            && changes.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // While nobody else counts.
        self.changes = None;
        if watched.get(&self.number).is_some_and(|changes| changes.receiver_count() == 0) {
            watched.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn only_those_who_watch_the_ticket_are_told() {
        let watches = Watches::default();
        let (mut first, mut second) = (watches.watch(1), watches.watch(2));
        watches.tell([1, 3].into_iter());
        first.changed().await;
        assert!(first.changed().now_or_never().is_none(), "expected to be told once");
        assert!(second.changed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn all_are_told_when_nobody_knows_what_has_happened() {
        let watches = Watches::default();
        let (mut first, mut second) = (watches.watch(1), watches.watch(2));
        watches.tell_all();
        tokio::join!(first.changed(), second.changed());
    }

    #[test]
    fn a_ticket_that_nobody_watches_is_taken_off_the_list() {
        let watches = Watches::default();
        let (first, second) = (watches.watch(1), watches.watch(1));
        drop(first);
        assert_eq!(watches.watched.lock().unwrap().len(), 1);
        drop(second);
        assert!(watches.watched.lock().unwrap().is_empty());
    }
}
