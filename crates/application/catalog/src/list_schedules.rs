//! Listing the dates of a concert.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::{
    catalog::{Catalog, ScheduleAvailability},
    ids::ConcertId,
    storage::StorageError,
    time::Clock,
};

#[cfg(test)]
#[path = "list_schedules_tests.rs"]
mod tests;

/// Which dates of a concert are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListSchedulesQuery {
    /// The concert.
    pub concert: ConcertId,
    /// Only those of this day in the concert's time zone; those of every day if none is named.
    pub date: Option<NaiveDate>,
    /// Also those that can not be booked now.
    pub all: bool,
}

/// Why the dates of a concert were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListSchedulesError {
    /// There is no such concert.
    #[error("there is no such concert")]
    ConcertNotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Lists the schedules of concerts.
pub struct ListSchedules {
    clock: Arc<dyn Clock>,
    catalog: Arc<dyn Catalog>,
}

impl ListSchedules {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, catalog: Arc<dyn Catalog>) -> Self {
        Self { clock, catalog }
    }

    /// The schedules that are wanted, soonest first. A day beyond what a calendar can tell has none.
    ///
    /// # Errors
    ///
    /// [`ListSchedulesError`] when there is no such concert or the store could not answer.
    pub async fn handle(
        &self,
        query: ListSchedulesQuery,
    ) -> Result<Vec<ScheduleAvailability>, ListSchedulesError> {
        let now = self.clock.now();
        let concert =
            self.catalog.concert(query.concert).await?.ok_or(ListSchedulesError::ConcertNotFound)?;
        let mut schedules = self.catalog.schedules(query.concert, now).await?;
        if !query.all {
            schedules.retain(|listed| listed.is_bookable_at(now));
        }
        if let Some(date) = query.date {
            let day = concert.time_zone.day(date);
            let within = |starts_at| day.is_some_and(|(from, to)| from <= starts_at && starts_at < to);
            schedules.retain(|listed| within(listed.schedule.starts_at));
        }
        Ok(schedules)
    }
}
