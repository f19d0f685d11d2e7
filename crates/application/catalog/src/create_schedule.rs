//! Adding a date to a concert.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, SalesWindow, SalesWindowError, Schedule, SeatPlan},
    ids::{ConcertId, IdSource, ScheduleId, SeatId},
    storage::StorageError,
    time::{Clock, Timestamp},
};

#[cfg(test)]
#[path = "create_schedule_tests.rs"]
mod tests;

/// The operator's wish to add a date to a concert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateScheduleCommand {
    /// The concert.
    pub concert: ConcertId,
    /// When the show begins.
    pub starts_at: Timestamp,
    /// The first instant of sales; at once if none is named.
    pub sales_open_at: Option<Timestamp>,
    /// The instant from which nothing is sold any more; when the show begins if none is named.
    pub sales_close_at: Option<Timestamp>,
    /// The seats.
    pub seats: SeatPlan,
}

/// Why a date was not added.
#[derive(Debug, thiserror::Error)]
pub enum CreateScheduleError {
    /// Sales would close before they open, or after the show has begun.
    #[error(transparent)]
    SalesWindow(#[from] SalesWindowError),
    /// There is no such concert.
    #[error("there is no such concert")]
    ConcertNotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Creates schedules for the operator.
pub struct CreateSchedule {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    catalog: Arc<dyn Catalog>,
}

impl CreateSchedule {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>, catalog: Arc<dyn Catalog>) -> Self {
        Self { clock, ids, catalog }
    }

    /// Adds the date with all its seats, all of them free.
    ///
    /// # Errors
    ///
    /// [`CreateScheduleError`], the first of its reasons in their order; nothing is added then.
    pub async fn handle(&self, command: CreateScheduleCommand) -> Result<Schedule, CreateScheduleError> {
        let CreateScheduleCommand { concert, starts_at, sales_open_at, sales_close_at, seats } = command;
        let sales = SalesWindow::new(starts_at, sales_open_at, sales_close_at, self.clock.now())?;
        if self.catalog.concert(concert).await?.is_none() {
            return Err(CreateScheduleError::ConcertNotFound);
        }
        let id = ScheduleId(self.ids.next());
        let schedule = Schedule { id, concert, starts_at, sales, total_seats: seats.total_seats() };
        let seats = seats.seats(id, || SeatId(self.ids.next()));
        self.catalog.add_schedule(&schedule, &seats).await?;
        Ok(schedule)
    }
}
