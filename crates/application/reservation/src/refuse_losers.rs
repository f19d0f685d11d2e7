//! Refusing those who want seats that somebody has, by a look that all of them share.

use std::sync::Arc;

use domain::{
    ids::ScheduleId,
    reservation::{HoldPolicy, HoldRefused, HoldRequest, SeatInventory, SeatsSeen},
    storage::StorageError,
    time::{Clock, Timestamp},
    waiting_room::{RoomMemory, Ticket, require_turn},
};
use futures_util::future::join;

use crate::{HoldSeatsCommand, HoldSeatsError, seats_last_taken::SeatsLastTaken};

#[cfg(test)]
#[path = "refuse_losers_tests.rs"]
mod tests;

/// Refuses wishes that [`HoldSeats`](crate::HoldSeats) would refuse as well, by a look that all share who want seats of
/// the schedule: thousands of losers cost one reading. Whoever is not refused goes on to it.
pub struct RefuseLosers {
    clock: Arc<dyn Clock>,
    memory: Arc<dyn RoomMemory>,
    inventory: Arc<dyn SeatInventory>,
    policy: HoldPolicy,
    last_taken: SeatsLastTaken,
}

impl RefuseLosers {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        memory: Arc<dyn RoomMemory>,
        inventory: Arc<dyn SeatInventory>,
        policy: HoldPolicy,
    ) -> Self {
        Self { clock, memory, inventory, policy, last_taken: SeatsLastTaken::default() }
    }

    /// Refuses a wish that is lost, by a look at the seats that begins after the call: `look` gets it, from whomever
    /// it is shared with. Nobody looks, and the wish is left to [`HoldSeats`](crate::HoldSeats), unless a wanted seat
    /// was taken when it was last heard of, and it is the turn of the ticket that was issued like this as far as
    /// this instance knows. It is left to it as well where the look failed, and where the key was used before.
    ///
    /// # Errors
    ///
    /// [`HoldSeatsError`] when the wish is refused, or the store could not answer.
    pub async fn handle(
        &self,
        issued: &Ticket,
        command: &HoldSeatsCommand,
        look: impl AsyncFnOnce(ScheduleId) -> Option<Arc<SeatsSeen>>,
    ) -> Result<(), HoldSeatsError> {
        let HoldSeatsCommand { request, key } = command;
        let may_have_lost = self.last_taken.has_any(request) && self.memory.is_fresh();
        if !may_have_lost || !self.has_turn(issued, self.clock.now()) {
            return Ok(());
        }
        let Some(seen) = look(request.schedule).await else { return Ok(()) };
        let now = self.clock.now();
        let Err(refused) = seen.refuse(request, &self.policy, now) else { return Ok(()) };
        if !self.has_turn(issued, now) {
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

    /// Looks at the seats of a schedule, for everybody who asked before; whose turn it is is known as of then, too. None
    /// when there is no such schedule, or the room could not be read.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn look(&self, schedule: ScheduleId) -> Result<Option<SeatsSeen>, StorageError> {
        let (seen, is_caught_up) = join(self.inventory.see_seats(schedule), self.memory.catch_up()).await;
        let seen = seen?.filter(|_| is_caught_up);
        if let Some(seen) = &seen {
            self.last_taken.replace(schedule, seen.taken(self.clock.now()));
        }
        Ok(seen)
    }

    fn has_turn(&self, issued: &Ticket, now: Timestamp) -> bool {
        let known = self.memory.place(issued).map(|standing| standing.ticket);
        require_turn(known.as_ref(), now).is_ok()
    }

    /// Notes which seats an answer has shown to be somebody's.
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
