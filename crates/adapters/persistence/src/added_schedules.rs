//! Schedules with their seats, remembered as they were added: their prices and names never change.

use std::{sync::Arc, time::Duration};

use domain::{
    catalog::{Occupancy, Schedule, Seat, SeatNumber},
    ids::ScheduleId,
    reservation::{HoldFacts, SeatSeen, SeatsSeen, Show},
    storage::StorageError,
    text::Name,
};
use quick_cache::sync::{Cache, GuardResult};
use tokio::time::timeout;

use crate::{
    line::HOLDS_UP_FOR,
    questions::{HoldAnswer, TakenSeats, WantedSeat},
    rows::{ScheduleRow, SeatRow, broken},
};

/// How many are remembered, those that are asked for most. A schedule of 50 seats takes about 10 kB.
const REMEMBERED_AT_MOST: usize = 2_000;

/// The schedules that are asked for. One that is not there is not remembered: it may be added yet.
pub(crate) struct AddedSchedules(Cache<ScheduleId, Arc<AddedSchedule>>);

/// A schedule and its seats as they were when they were added: all free, in the order of their numbers.
pub(crate) struct AddedSchedule {
    schedule: Schedule,
    concert_name: Name,
    seats: Vec<Seat>,
}

/// A schedule as it was found in the store, with its seats as they are.
pub(crate) struct FoundSchedule {
    pub(crate) schedule: Schedule,
    concert_name: Name,
    pub(crate) seats: Vec<Seat>,
}

impl FoundSchedule {
    /// What these rows stand for: a schedule, its concert's name, and its seats in the order of their numbers.
    pub(crate) fn new(
        schedule: ScheduleRow,
        concert_name: &str,
        seats: Vec<SeatRow>,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            schedule: schedule.try_into()?,
            concert_name: Name::new(concert_name).map_err(broken)?,
            seats: seats.into_iter().map(Seat::try_from).collect::<Result<_, _>>()?,
        })
    }

    /// Whether these are all of its seats: it may be added just now.
    fn is_all(&self) -> bool {
        self.seats.len() == usize::from(self.schedule.total_seats)
    }
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

    /// A schedule, looked for where it is not remembered: when a crowd wants one that nobody has wanted yet, one looks for
    /// all of them. If that was in vain or takes too long, each looks alone.
    pub(crate) async fn get_or_find<F>(
        &self,
        id: ScheduleId,
        find: impl FnOnce() -> F,
    ) -> Result<Option<Arc<AddedSchedule>>, StorageError>
    where
        F: Future<Output = Result<Option<FoundSchedule>, StorageError>>,
    {
        let place = match self.0.get_value_or_guard(&id, Some(Duration::ZERO)) {
            GuardResult::Value(added) => return Ok(Some(added)),
            GuardResult::Guard(place) => Some(place),
            GuardResult::Timeout => match timeout(HOLDS_UP_FOR, self.0.get_value_or_guard_async(&id)).await {
                Ok(Ok(added)) => return Ok(Some(added)),
                Ok(Err(_)) | Err(_) => None,
            },
        };
        let Some(found) = find().await? else { return Ok(None) };
        let added = Arc::new(AddedSchedule::of(&found));
        if found.is_all() {
            match place {
                // Where it was forgotten meanwhile the next one looks again.
                Some(place) => drop(place.insert(Arc::clone(&added))),
                None => self.0.insert(id, Arc::clone(&added)),
            }
        }
        Ok(Some(added))
    }

    /// Remembers a schedule that was found, if that is all of it.
    pub(crate) fn remember(&self, found: &FoundSchedule) {
        if found.is_all() {
            self.0.insert(found.schedule.id, Arc::new(AddedSchedule::of(found)));
        }
    }
}

/// What a hold is decided from: what is remembered of the schedule, if there is such a one, and what was answered just now.
pub(crate) fn hold_facts(added: Option<&AddedSchedule>, answer: HoldAnswer) -> HoldFacts {
    let HoldAnswer { ticket, recorded, seats, holds } = answer;
    let seat = |WantedSeat { number, price, occupancy }: WantedSeat| {
        Some(Seat { price, occupancy, ..added?.seat(number)?.clone() })
    };
    HoldFacts {
        ticket,
        recorded,
        show: added.map(|added| (added.show(), added.schedule.sales)),
        seats: seats.into_iter().filter_map(seat).collect(),
        holds,
    }
}

impl AddedSchedule {
    fn of(found: &FoundSchedule) -> Self {
        let free = |seat: &Seat| Seat { occupancy: Occupancy::Free, ..seat.clone() };
        Self {
            schedule: found.schedule.clone(),
            concert_name: found.concert_name.clone(),
            seats: found.seats.iter().map(free).collect(),
        }
    }

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

    fn seat(&self, number: SeatNumber) -> Option<&Seat> {
        let place = self.seats.binary_search_by_key(&number, |seat| seat.number);
        place.ok().and_then(|place| self.seats.get(place))
    }

    /// What a reservation of the schedule is for.
    fn show(&self) -> Show {
        Show {
            concert: self.schedule.concert,
            concert_name: self.concert_name.clone(),
            schedule: self.schedule.id,
            starts_at: self.schedule.starts_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::{DateTime, Utc};
    use domain::{
        catalog::SalesWindow,
        ids::{ConcertId, SeatId},
        money::Money,
    };
    use futures_util::future::{join_all, poll_immediate};
    use tokio::task::yield_now;
    use uuid::Uuid;

    use super::*;

    const ID: ScheduleId = ScheduleId(Uuid::from_u128(1));

    /// A schedule of two seats, of which so many were found.
    fn found(seats: i64) -> FoundSchedule {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let seat = |number| {
            let number = SeatNumber::new(number).unwrap();
            Seat {
                id: SeatId(Uuid::from_u128(number.get().into())),
                schedule: ID,
                number,
                name: number.seat_name(),
                grade: Name::new("VIP").unwrap(),
                price: Money::from_units(1),
                occupancy: Occupancy::Free,
            }
        };
        let schedule = Schedule {
            id: ID,
            concert: ConcertId(Uuid::from_u128(2)),
            starts_at: at,
            sales: SalesWindow::stored(at, at),
            total_seats: 2,
        };
        let concert_name = Name::new("Winterreise").unwrap();
        FoundSchedule { schedule, concert_name, seats: (1..=seats).map(seat).collect() }
    }

    /// How often it is looked for when three want it at once and then a fourth, and that many of its seats are found;
    /// none when there is no such schedule.
    async fn looked_for(seats: Option<i64>) -> usize {
        let (schedules, looked) = (AddedSchedules::default(), AtomicUsize::new(0));
        let want = || {
            schedules.get_or_find(ID, || async {
                looked.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
                Ok(seats.map(found))
            })
        };
        for got in join_all([want(), want(), want()]).await.into_iter().chain([want().await]) {
            assert_eq!(got.unwrap().is_some(), seats.is_some(), "expected what is there to be found");
        }
        looked.into_inner()
    }

    #[tokio::test]
    async fn a_crowd_that_wants_a_date_looks_for_it_once() {
        assert_eq!(looked_for(Some(2)).await, 1);
    }

    #[tokio::test]
    async fn a_date_that_is_not_there_or_not_all_there_is_looked_for_again() {
        assert_eq!(looked_for(None).await, 4, "it may be added yet");
        assert_eq!(looked_for(Some(1)).await, 4, "the others of its seats may be seen next time");
    }

    #[tokio::test(start_paused = true)]
    async fn who_looks_for_too_long_holds_nobody_up() {
        let schedules = AddedSchedules::default();
        let mut hangs = std::pin::pin!(schedules.get_or_find(ID, std::future::pending));
        assert!(poll_immediate(hangs.as_mut()).await.is_none(), "expected it to hang");
        let began = tokio::time::Instant::now();
        assert!(schedules.get_or_find(ID, || async { Ok(Some(found(2))) }).await.unwrap().is_some());
        assert_eq!(began.elapsed(), HOLDS_UP_FOR);
        assert!(schedules.get(ID).is_some(), "expected what was found to be remembered");
    }
}
