//! Listing the seats of a schedule.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, Seat, SeatStatus},
    ids::ScheduleId,
    storage::StorageError,
    time::Clock,
};

#[cfg(test)]
#[path = "list_seats_tests.rs"]
mod tests;

/// Which seats of a schedule are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListSeatsQuery {
    /// The schedule.
    pub schedule: ScheduleId,
    /// Also those that can not be booked now.
    pub all: bool,
}

/// A seat as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// The seat.
    pub seat: Seat,
    /// Whether it is free now.
    pub status: SeatStatus,
}

/// Why the seats of a schedule were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListSeatsError {
    /// There is no such schedule.
    #[error("there is no such schedule")]
    ScheduleNotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Lists the seats of schedules.
pub struct ListSeats {
    clock: Arc<dyn Clock>,
    catalog: Arc<dyn Catalog>,
}

impl ListSeats {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, catalog: Arc<dyn Catalog>) -> Self {
        Self { clock, catalog }
    }

    /// The seats that are wanted, in the order of their numbers. While the schedule is not on sale, no seat
    /// can be booked, free or not.
    ///
    /// # Errors
    ///
    /// [`ListSeatsError`] when there is no such schedule or the store could not answer.
    pub async fn handle(&self, query: ListSeatsQuery) -> Result<Vec<SeatView>, ListSeatsError> {
        let now = self.clock.now();
        let (schedule, seats) =
            self.catalog.seats(query.schedule).await?.ok_or(ListSeatsError::ScheduleNotFound)?;
        let on_sale = schedule.sales.is_open_at(now);
        let wanted = |view: &SeatView| query.all || (on_sale && view.status == SeatStatus::Available);
        let views = seats.into_iter().map(|seat| SeatView { status: seat.occupancy.status_at(now), seat });
        Ok(views.filter(wanted).collect())
    }
}
