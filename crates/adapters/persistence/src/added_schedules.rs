//! Schedules with their seats, remembered as they were added: their prices and names never change.

use std::sync::Arc;

use domain::{
    catalog::{Occupancy, Schedule, Seat, SeatNumber},
    ids::ScheduleId,
    storage::StorageError,
};
use futures_util::future::BoxFuture;
use quick_cache::sync::Cache;

/// How many are remembered, those that are asked for most. A schedule of 50 seats takes about 10 kB.
const REMEMBERED_AT_MOST: usize = 2_000;

/// The schedules that are asked for.
pub(crate) struct AddedSchedules(Cache<ScheduleId, Arc<AddedSchedule>>);

/// A schedule and its seats as they were when they were added: all free.
pub(crate) struct AddedSchedule {
    schedule: Schedule,
    seats: Vec<Seat>,
}

/// Why there is nothing to remember.
enum Failure {
    NotThere,
    Storage(StorageError),
}

impl Default for AddedSchedules {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_AT_MOST))
    }
}

impl AddedSchedules {
    /// A schedule, from memory or else from what `load` finds; a schedule that is not there may be added yet, and is
    /// not remembered.
    ///
    /// # Errors
    ///
    /// [`StorageError`] where `load` fails.
    pub(crate) async fn find<'a>(
        &self,
        id: ScheduleId,
        load: impl FnOnce() -> BoxFuture<'a, Result<Option<(Schedule, Vec<Seat>)>, StorageError>>,
    ) -> Result<Option<Arc<AddedSchedule>>, StorageError> {
        let load = async {
            let (schedule, seats) = load().await.map_err(Failure::Storage)?.ok_or(Failure::NotThere)?;
            Ok(Arc::new(AddedSchedule::new(schedule, seats)))
        };
        match self.0.get_or_insert_async(&id, load).await {
            Ok(added) => Ok(Some(added)),
            Err(Failure::NotThere) => Ok(None),
            Err(Failure::Storage(error)) => Err(error),
        }
    }
}

impl AddedSchedule {
    fn new(schedule: Schedule, mut seats: Vec<Seat>) -> Self {
        for seat in &mut seats {
            seat.occupancy = Occupancy::Free;
        }
        Self { schedule, seats }
    }

    /// The schedule with its seats as they are while these are taken, and no other.
    pub(crate) fn while_taken(&self, taken: Vec<(SeatNumber, Occupancy)>) -> (Schedule, Vec<Seat>) {
        let mut seats = self.seats.clone();
        for (number, occupancy) in taken {
            let place = seats.binary_search_by_key(&number, |seat| seat.number);
            if let Some(seat) = place.ok().and_then(|place| seats.get_mut(place)) {
                seat.occupancy = occupancy;
            }
        }
        (self.schedule.clone(), seats)
    }
}
