//! What the catalogue needs from a store.

use async_trait::async_trait;

use super::{Concert, Schedule, ScheduleAvailability, Seat};
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

    /// Puts a concert on the list.
    async fn add_concert(&self, concert: &Concert) -> Result<(), StorageError>;

    /// Adds a schedule with all its seats, or nothing.
    async fn add_schedule(&self, schedule: &Schedule, seats: &[Seat]) -> Result<(), StorageError>;
}
