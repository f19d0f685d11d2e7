//! Reading the seats of all watched schedules, again and again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    catalog::{Catalog, Occupancy, SeatMap, SeatNumber},
    ids::ScheduleId,
    storage::StorageError,
    time::{Clock, Timestamp},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::watch::BoardWatch;

/// From the beginning of a reading to the beginning of the next.
pub(super) const READING_EVERY: Duration = Duration::from_millis(200);

/// Somebody who wants to watch a schedule.
pub(super) struct Newcomer {
    pub(super) schedule: ScheduleId,
    pub(super) answer: oneshot::Sender<Result<Option<BoardWatch>, StorageError>>,
}

/// Who has the seats of the schedules that were asked for, and the instant they are to be looked at.
struct Reading {
    now: Timestamp,
    seats: HashMap<ScheduleId, Vec<(SeatNumber, Occupancy)>>,
}

/// Whoever reads, and keeps the boards.
pub(super) struct Follower {
    clock: Arc<dyn Clock>,
    catalog: Arc<dyn Catalog>,
    arriving: mpsc::Receiver<Newcomer>,
    boards: HashMap<ScheduleId, watch::Sender<Arc<SeatMap>>>,
    store_is_away: bool,
}

impl Follower {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        catalog: Arc<dyn Catalog>,
        arriving: mpsc::Receiver<Newcomer>,
    ) -> Self {
        Self { clock, catalog, arriving, boards: HashMap::new(), store_is_away: false }
    }

    /// Reads for as long as somebody watches, or may begin to.
    pub(super) async fn follow(mut self) {
        loop {
            self.boards.retain(|_, board| board.receiver_count() > 0);
            let newcomers = self.next_newcomers().await;
            if newcomers.is_empty() && self.boards.is_empty() {
                return;
            }
            let next = Instant::now() + READING_EVERY;
            match self.read(&newcomers).await {
                Ok(reading) => self.show(&reading, newcomers),
                Err(error) => self.refuse(&error, newcomers),
            }
            sleep_until(next).await;
        }
    }

    /// Those who have arrived since the last reading; waits for the first where nobody watches. None when nobody
    /// watches, and nobody can arrive any more.
    async fn next_newcomers(&mut self) -> Vec<Newcomer> {
        let mut newcomers = Vec::new();
        if self.boards.is_empty() {
            newcomers.extend(self.arriving.recv().await);
        }
        while let Ok(newcomer) = self.arriving.try_recv() {
            newcomers.push(newcomer);
        }
        newcomers
    }

    /// Asks for the seats of all schedules that are watched or are to be.
    async fn read(&self, newcomers: &[Newcomer]) -> Result<Reading, StorageError> {
        let mut schedules: Vec<_> = self.boards.keys().copied().collect();
        schedules.extend(newcomers.iter().map(|newcomer| newcomer.schedule));
        schedules.sort_unstable();
        schedules.dedup();
        let (clock, catalog) = (Arc::clone(&self.clock), Arc::clone(&self.catalog));
        // In a task of its own, so that a fault in a reading is no end of all of them.
        let reading = tokio::spawn(async move {
            // Asked before the seats are, so that a hold which counts as run out can not have been paid after
            // they were read.
            let now = clock.now();
            Ok(Reading { now, seats: catalog.occupancies(&schedules).await? })
        });
        reading.await.map_err(StorageError::unexpected)?
    }

    /// Shows what was read, wakes those for whom it is news, and lets the newcomers watch.
    fn show(&mut self, reading: &Reading, newcomers: Vec<Newcomer>) {
        if std::mem::take(&mut self.store_is_away) {
            tracing::info!("the seats that are watched are read again");
        }
        for (schedule, seats) in &reading.seats {
            let seats = Arc::new(SeatMap::at(seats, reading.now));
            let board = self.boards.entry(*schedule).or_insert_with(|| watch::Sender::new(seats.clone()));
            board.send_if_modified(|shown| {
                let modified = *shown != seats;
                if modified {
                    *shown = seats;
                }
                modified
            });
        }
        for Newcomer { schedule, answer } in newcomers {
            let board = self.boards.get(&schedule).map(watch::Sender::subscribe);
            // Whoever does not wait for the answer any more does not watch.
            drop(answer.send(Ok(board.map(BoardWatch))));
        }
    }

    /// Tells the newcomers that the store is away. Whoever watches goes on seeing what was seen last.
    fn refuse(&mut self, error: &StorageError, newcomers: Vec<Newcomer>) {
        if !std::mem::replace(&mut self.store_is_away, true) {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(%error, cause, "the seats that are watched can not be read; it is tried again");
        }
        for newcomer in newcomers {
            drop(newcomer.answer.send(Err(error.clone())));
        }
    }
}
