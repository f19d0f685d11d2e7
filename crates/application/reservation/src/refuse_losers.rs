//! Refusing those who want seats that somebody has, by looks that all of them share.

use std::sync::Arc;

use domain::{
    idempotency::Answer,
    ids::ScheduleId,
    reservation::{HoldPolicy, HoldRefused, HoldRequest, SeatInventory, SeatsSeen},
    storage::StorageError,
    time::{Clock, Timer, Timestamp},
    waiting_room::{RoomMemory, Ticket, require_turn},
};
use futures_util::future::join;

use crate::{HoldSeatsCommand, HoldSeatsError, kept_looks::KeptLooks, seats_last_taken::SeatsLastTaken};

#[cfg(test)]
#[path = "refuse_losers_tests.rs"]
mod tests;

/// Refuses wishes that [`HoldSeats`](crate::HoldSeats) would refuse as well, by looks that all share who want seats of
/// the schedule: thousands of losers cost one reading. Whoever is not refused goes on to it.
pub struct RefuseLosers {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    memory: Arc<dyn RoomMemory>,
    inventory: Arc<dyn SeatInventory>,
    policy: HoldPolicy,
    last_taken: SeatsLastTaken,
    kept: KeptLooks,
}

impl RefuseLosers {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        memory: Arc<dyn RoomMemory>,
        inventory: Arc<dyn SeatInventory>,
        policy: HoldPolicy,
    ) -> Self {
        let (last_taken, kept) = (SeatsLastTaken::default(), KeptLooks::default());
        Self { clock, timer, memory, inventory, policy, last_taken, kept }
    }

    /// Holds seats with `hold`, which is [`HoldSeats`](crate::HoldSeats), unless [`RefuseLosers::handle`] refuses the wish.
    ///
    /// # Errors
    ///
    /// [`HoldSeatsError`] when the wish is refused, or the store could not answer.
    pub async fn or_hold<T>(
        &self,
        issued: &Ticket,
        command: HoldSeatsCommand,
        look: impl AsyncFnOnce(ScheduleId) -> Option<Arc<SeatsSeen>>,
        hold: impl AsyncFnOnce(HoldSeatsCommand) -> Result<Answer<T>, HoldSeatsError>,
    ) -> Result<Answer<T>, HoldSeatsError> {
        self.handle(issued, &command, look).await?;
        let request = command.request.clone();
        let outcome = hold(command).await;
        self.note(&request, &outcome);
        outcome
    }

    /// Refuses a wish that is lost: by the last look at the seats while it lasts, or by one that begins after the call.
    /// `look` gets that, from whomever it is shared with. Nobody looks, and the wish is left to
    /// [`HoldSeats`](crate::HoldSeats), unless a wanted seat was taken when it was last heard of, and it is the turn of the
    /// ticket that was issued like this as far as this instance knows. It is left to it as well where the look failed,
    /// and where the key was used before.
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
        if !self.last_taken.has_any(request) || !self.memory.is_fresh() {
            return Ok(());
        }
        let now = self.clock.now();
        if !self.has_turn(issued, now) {
            return Ok(());
        }
        let refused = match self.refused_by_kept_look(request, now) {
            Some(refused) => Some(refused),
            None => self.refused_by_new_look(issued, request, look).await,
        };
        let Some(refused) = refused else { return Ok(()) };
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
    pub async fn look(&self, schedule: ScheduleId) -> Result<Option<Arc<SeatsSeen>>, StorageError> {
        let began = self.timer.elapsed();
        let (seen, is_caught_up) = join(self.inventory.see_seats(schedule), self.memory.catch_up()).await;
        let Some(seen) = seen?.filter(|_| is_caught_up).map(Arc::new) else { return Ok(None) };
        self.last_taken.replace(schedule, seen.taken(self.clock.now()));
        self.kept.keep(schedule, began, Arc::clone(&seen), self.timer.elapsed());
        Ok(Some(seen))
    }

    fn refused_by_kept_look(&self, request: &HoldRequest, now: Timestamp) -> Option<HoldRefused> {
        let seen = self.kept.get(request.schedule, self.timer.elapsed())?;
        seen.refuse_later(request, &self.policy, now).err()
    }

    async fn refused_by_new_look(
        &self,
        issued: &Ticket,
        request: &HoldRequest,
        look: impl AsyncFnOnce(ScheduleId) -> Option<Arc<SeatsSeen>>,
    ) -> Option<HoldRefused> {
        let seen = look(request.schedule).await?;
        let now = self.clock.now();
        let refused = seen.refuse(request, &self.policy, now).err()?;
        self.has_turn(issued, now).then_some(refused)
    }

    fn has_turn(&self, issued: &Ticket, now: Timestamp) -> bool {
        let known = self.memory.place(issued).map(|standing| standing.ticket);
        require_turn(known.as_ref(), now).is_ok()
    }

    /// Notes which seats an answer has shown to be somebody's. A look that is kept does not know of those that were held
    /// just now.
    pub fn note<T>(&self, request: &HoldRequest, outcome: &Result<Answer<T>, HoldSeatsError>) {
        match outcome {
            Ok(answer) if !answer.replayed => {
                self.last_taken.add(request.schedule, request.seats.numbers().iter().copied());
                self.kept.forget(request.schedule, self.timer.elapsed());
            }
            Err(HoldSeatsError::Refused(HoldRefused::SeatTaken(taken))) => {
                self.last_taken.add(request.schedule, taken.iter().copied());
            }
            Ok(_) | Err(_) => {}
        }
    }
}
