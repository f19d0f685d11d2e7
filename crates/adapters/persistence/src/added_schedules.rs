//! Schedules with their seats, remembered as they were added: their prices and names never change.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, Occupancy, Schedule, Seat},
    ids::ScheduleId,
    reservation::{SeatSeen, SeatsSeen},
    storage::StorageError,
};
use quick_cache::sync::Cache;

use crate::questions::TakenSeats;

/// How many are remembered, those that are asked for most. A schedule of 50 seats takes about 10 kB.
const REMEMBERED_AT_MOST: usize = 2_000;

/// The schedules that are asked for. One that is not there is not remembered: it may be added yet.
pub(crate) struct AddedSchedules(Cache<ScheduleId, Arc<AddedSchedule>>);

/// A schedule and its seats as they were when they were added: all free.
pub(crate) struct AddedSchedule {
    schedule: Schedule,
    seats: Vec<Seat>,
}

impl Default for AddedSchedules {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED_AT_MOST))
    }
}

impl AddedSchedules {
    /// A schedule that is remembered.
    pub(crate) fn get(&self, id: ScheduleId) -> Option<Arc<AddedSchedule>> {
        self.0.get(&id)
    }

    /// A schedule, looked for in the catalogue where it is not remembered: that remembers what it finds.
    pub(crate) async fn get_or_find(
        &self,
        id: ScheduleId,
        catalog: &impl Catalog,
    ) -> Result<Option<Arc<AddedSchedule>>, StorageError> {
        if let Some(added) = self.get(id) {
            return Ok(Some(added));
        }
        catalog.seats(id).await?;
        Ok(self.get(id))
    }

    /// Remembers a schedule that was found with these seats, if that is all of it: it may be added just now.
    pub(crate) fn remember(&self, schedule: &Schedule, seats: &[Seat]) {
        if seats.len() != usize::from(schedule.total_seats) {
            return;
        }
        let seats = seats.iter().map(|seat| Seat { occupancy: Occupancy::Free, ..seat.clone() }).collect();
        self.0.insert(schedule.id, Arc::new(AddedSchedule { schedule: schedule.clone(), seats }));
    }
}

impl AddedSchedule {
    /// The seats of the schedule as they are while these are taken, and no other.
    pub(crate) fn seen(&self, taken: &[SeatSeen]) -> SeatsSeen {
        let free = |number| SeatSeen { number, occupancy: Occupancy::Free, holder: None };
        let seen = |number| taken.iter().find(|seat| seat.number == number).copied();
        let seats = self.seats.iter().map(|seat| seen(seat.number).unwrap_or_else(|| free(seat.number)));
        SeatsSeen { sales: self.schedule.sales, seats: seats.collect() }
    }

    /// The schedule with its seats as they are while these are taken, and no other.
    pub(crate) fn while_taken(&self, taken: TakenSeats) -> (Schedule, Vec<Seat>) {
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
