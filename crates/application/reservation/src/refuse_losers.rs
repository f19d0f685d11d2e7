//! Refusing wishes for seats that somebody has, by a look that all share who have such a wish.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, SeatStatus},
    ids::ScheduleId,
    reservation::{HoldRefused, HoldRequest, SeatInventory, SeatsSeen},
    storage::StorageError,
    time::Clock,
    waiting_room::{RoomMemory, Ticket, require_turn},
};
use futures_util::future::join;

use crate::{HoldSeatsCommand, HoldSeatsError, seats_last_taken::SeatsLastTaken};

#[cfg(test)]
#[path = "refuse_lost_tests.rs"]
mod tests;

/// Refuses wishes that [`HoldSeats`](crate::HoldSeats) would refuse, at what a look costs that thousands share, when all
/// of them want the same seats. Whoever is not refused goes on to it.
pub struct RefuseLost {
    clock: Arc<dyn Clock>,
    catalog: Arc<dyn Catalog>,
    memory: Arc<dyn RoomMemory>,
    inventory: Arc<dyn SeatInventory>,
    last_taken: SeatsLastTaken,
}

impl RefuseLost {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        catalog: Arc<dyn Catalog>,
        memory: Arc<dyn RoomMemory>,
        inventory: Arc<dyn SeatInventory>,
    ) -> Self {
        Self { clock, catalog, memory, inventory, last_taken: SeatsLastTaken::default() }
    }

    /// Whether to look before the wish is tried: a seat that it names was taken when it was last heard of.
    #[must_use]
    pub fn is_worth_a_look(&self, request: &HoldRequest) -> bool {
        self.last_taken.has_any(request)
    }

    /// Looks at the seats of a schedule, for everybody who asked before; none when there is no such schedule. Whose
    /// turn it is is known as of then, too.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn look(&self, schedule: ScheduleId) -> Result<Option<SeatsSeen>, StorageError> {
        let (found, ()) = join(self.catalog.seats(schedule), self.memory.catch_up()).await;
        let Some((found, seats)) = found? else { return Ok(None) };
        let now = self.clock.now();
        let taken = seats.iter().filter(|seat| seat.occupancy.status_at(now) != SeatStatus::Available);
        self.last_taken.replace(schedule, taken.map(|seat| seat.number));
        Ok(Some(SeatsSeen { sales: found.sales, seats }))
    }

    /// Refuses a wish that was lost already when somebody looked; that look MUST have begun after the wish arrived. It
    /// is left to [`HoldSeats`](crate::HoldSeats) if its key may stand for an earlier hold, or this instance does not
    /// know that it is the turn of the ticket that was issued like this.
    ///
    /// # Errors
    ///
    /// [`HoldSeatsError`] when the wish is refused, or the store could not answer.
    pub async fn handle(
        &self,
        issued: &Ticket,
        command: &HoldSeatsCommand,
        seen: &SeatsSeen,
    ) -> Result<(), HoldSeatsError> {
        let HoldSeatsCommand { request, key } = command;
        let now = self.clock.now();
        let Err(refused) = seen.refuse_lost(request, now) else { return Ok(()) };
        let known = self.memory.place(issued).filter(|_| self.memory.is_fresh());
        if require_turn(known.map(|standing| standing.ticket).as_ref(), now).is_err() {
            return Ok(());
        }
        // Asked last: whoever sees the seats as taken by the own hold sees its key, too.
        if let Some(key) = key
            && self.inventory.is_key_used(request.user, key).await?
        {
            return Ok(());
        }
        Err(refused.into())
    }

    /// Notes what has become of a wish: either way its seats may be somebody's now.
    pub fn note<T>(&self, request: &HoldRequest, outcome: &Result<T, HoldSeatsError>) {
        match outcome {
            Ok(_) => self.last_taken.add(request.schedule, request.seats.numbers().iter().copied()),
            Err(HoldSeatsError::Refused(HoldRefused::SeatTaken(taken))) => {
                self.last_taken.add(request.schedule, taken.iter().copied());
            }
            Err(_) => {}
        }
    }
}
