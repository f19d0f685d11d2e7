//! The seats of the schedules that somebody watches.
//!
//! One reading after the other asks the store for the seats of all watched schedules together, and wakes those
//! who watch a schedule of which something has changed. What was read is compared as a whole; there is no log of
//! changes, and nobody has to write one. So a state that lasts for less than the time between two readings may
//! never be seen, while the newest one always is.
//!
//! The store does not tell of changes by itself: a notification at each hold would take a lock of the whole
//! PostgreSQL server at each commit, and a hold that runs out changes no row.

mod follower;
mod watch;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    catalog::{Catalog, NobodyFollows, SeatBoards, SeatWatch},
    ids::ScheduleId,
    storage::StorageError,
    time::Clock,
};
use tokio::sync::{mpsc, oneshot};

use self::follower::{Follower, Newcomer};

#[cfg(test)]
mod tests;

/// Newcomers who may wait for the next reading; further ones wait until they may wait.
const WAITING_AT_MOST: usize = 1_024;

/// Boards that follow the store for as long as somebody watches them.
pub struct LiveSeatBoards {
    newcomers: mpsc::Sender<Newcomer>,
}

impl LiveSeatBoards {
    /// Begins to follow the store, in a task that ends when this and whoever watches are gone. While nobody
    /// watches, nothing is asked.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(clock: Arc<dyn Clock>, catalog: Arc<dyn Catalog>) -> Self {
        let (newcomers, arriving) = mpsc::channel(WAITING_AT_MOST);
        tokio::spawn(Follower::new(clock, catalog, arriving).follow());
        Self { newcomers }
    }
}

#[async_trait]
impl SeatBoards for LiveSeatBoards {
    /// Answers with the first reading that begins from now on: a caller never sees the seats as they were before
    /// its own last change, and is told at once when the store is away.
    async fn watch(&self, schedule: ScheduleId) -> Result<Option<Box<dyn SeatWatch>>, StorageError> {
        let (answer, answered) = oneshot::channel();
        self.newcomers.send(Newcomer { schedule, answer }).await.map_err(|_| nobody_follows())?;
        let watch = answered.await.map_err(|_| nobody_follows())??;
        Ok(watch.map(|watch| -> Box<dyn SeatWatch> { Box::new(watch) }))
    }
}

fn nobody_follows() -> StorageError {
    StorageError::unavailable(NobodyFollows)
}
