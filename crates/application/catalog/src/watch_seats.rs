//! Watching the seats of a schedule.

use std::sync::Arc;

use domain::{
    catalog::{NobodyFollows, SeatBoards, SeatMap, SeatNews, SeatWatch},
    ids::ScheduleId,
    storage::StorageError,
};

#[cfg(test)]
#[path = "watch_seats_tests.rs"]
mod tests;

/// Why the seats of a schedule can not be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchSeatsError {
    /// There is no such schedule.
    #[error("there is no such schedule")]
    ScheduleNotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Watches the seats of schedules.
pub struct WatchSeats {
    boards: Arc<dyn SeatBoards>,
}

impl WatchSeats {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(boards: Arc<dyn SeatBoards>) -> Self {
        Self { boards }
    }

    /// Begins to watch a schedule's seats.
    ///
    /// # Errors
    ///
    /// [`WatchSeatsError`] when there is no such schedule or the store could not answer.
    pub async fn handle(&self, schedule: ScheduleId) -> Result<WatchedSeats, WatchSeatsError> {
        let watch = self.boards.watch(schedule).await?.ok_or(WatchSeatsError::ScheduleNotFound)?;
        Ok(WatchedSeats { watch, told: None })
    }
}

/// The seats of a schedule, and what somebody who watches them has been told of them.
///
/// Nothing is kept for whoever is slow to ask: the news are the difference between what was told and what is.
pub struct WatchedSeats {
    watch: Box<dyn SeatWatch>,
    told: Option<Arc<SeatMap>>,
}

impl WatchedSeats {
    /// Waits until there are news; at once at first, and until they are taken. Nothing is lost when it is
    /// dropped before it is done.
    ///
    /// # Errors
    ///
    /// [`NobodyFollows`] when there will never be any more.
    pub async fn changed(&mut self) -> Result<(), NobodyFollows> {
        while self.told.as_ref() == Some(&self.watch.seats()) {
            self.watch.changed().await?;
        }
        Ok(())
    }

    /// Takes the news, which count as told from then on: everything the first time, then what is not as it was
    /// told.
    pub fn take_news(&mut self) -> SeatNews {
        let seats = self.watch.seats();
        let news = seats.news_since(self.told.as_deref());
        self.told = Some(seats);
        news
    }
}
