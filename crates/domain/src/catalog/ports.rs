//! What the catalogue needs from a store, and from whoever follows it.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use super::{Concert, Occupancy, Schedule, ScheduleAvailability, Seat, SeatMap, SeatNumber};
use crate::{
    ids::{ConcertId, ScheduleId},
    page::{Page, PageRequest},
    storage::StorageError,
    time::Timestamp,
};

/// Where concerts, schedules and seats are kept.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Catalog: Send + Sync {
    /// A page of the concerts, in the order in which they were put on the list.
    async fn concerts(&self, page: PageRequest) -> Result<Page<Concert>, StorageError>;

    /// A concert; none when there is no such concert.
    async fn concert(&self, id: ConcertId) -> Result<Option<Concert>, StorageError>;

    /// All schedules of a concert, soonest first, with the seats that are free at `now`.
    async fn schedules(
        &self,
        concert: ConcertId,
        now: Timestamp,
    ) -> Result<Vec<ScheduleAvailability>, StorageError>;

    /// All seats of a schedule, in the order of their numbers, and the schedule itself, as they are at one
    /// moment; none when there is no such schedule.
    async fn seats(&self, schedule: ScheduleId) -> Result<Option<(Schedule, Vec<Seat>)>, StorageError>;

    /// Who has the seats of these schedules, as they are at one moment. A schedule that does not exist has no
    /// entry.
    async fn occupancies(
        &self,
        schedules: &[ScheduleId],
    ) -> Result<HashMap<ScheduleId, Vec<(SeatNumber, Occupancy)>>, StorageError>;

    /// Puts a concert on the list.
    async fn add_concert(&self, concert: &Concert) -> Result<(), StorageError>;

    /// Adds a schedule with all its seats, or nothing.
    async fn add_schedule(&self, schedule: &Schedule, seats: &[Seat]) -> Result<(), StorageError>;
}

/// Maps of the seats of schedules that follow the store for as long as somebody watches them.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SeatBoards: Send + Sync {
    /// Begins to watch the seats of a schedule, as they are now or later than now; none when there is no such
    /// schedule. Whoever drops the answer has stopped watching.
    async fn watch(&self, schedule: ScheduleId) -> Result<Option<Box<dyn SeatWatch>>, StorageError>;
}

/// The seats of a schedule, watched.
///
/// Contract: whatever changes in the store, on whichever instance, shows within a second, a hold that runs out
/// included. A state that lasted for less than that may never have shown; the newest always does. While the
/// store is away nothing changes.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SeatWatch: Send {
    /// The seats as they were seen last.
    fn seats(&self) -> Arc<SeatMap>;

    /// Waits until the seats are others than when this was last awaited; at once if they are already. Nothing
    /// is lost when it is dropped before it is done.
    ///
    /// # Errors
    ///
    /// [`NobodyFollows`] when nothing will ever change any more.
    async fn changed(&mut self) -> Result<(), NobodyFollows>;
}

/// Whoever followed the store has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody follows the seats any more")]
pub struct NobodyFollows;
