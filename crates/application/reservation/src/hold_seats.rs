//! Holding seats until they are paid.

use std::sync::Arc;

use domain::{
    commit::{Commit, until_not_stale},
    idempotency::{Answer, Fingerprint, IdempotencyKey, IdempotencyRecord, KeyReused, KeyedRequest},
    ids::{IdSource, ReservationId, UserId},
    reservation::{
        HoldPolicy, HoldRefused, HoldRequest, Reservation, Reservations, SeatInventory, SeatsHeld,
    },
    storage::StorageError,
    time::Clock,
    waiting_room::{NoTurn, require_turn},
};

#[cfg(test)]
#[path = "hold_seats_tests.rs"]
mod tests;

/// Somebody's wish to hold seats, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldSeatsCommand {
    /// What is wanted.
    pub request: HoldRequest,
    /// The caller's name for this change, if the caller gave one.
    pub key: Option<IdempotencyKey>,
}

/// Why seats were not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldSeatsError {
    /// The key was used before, for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// It is not the caller's turn.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// A rule speaks against it.
    #[error(transparent)]
    Refused(#[from] HoldRefused),
    /// The store could not answer, or others were faster each time.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Holds seats.
pub struct HoldSeats {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    inventory: Arc<dyn SeatInventory>,
    reservations: Arc<dyn Reservations>,
    policy: HoldPolicy,
}

impl HoldSeats {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        inventory: Arc<dyn SeatInventory>,
        reservations: Arc<dyn Reservations>,
        policy: HoldPolicy,
    ) -> Self {
        Self { clock, ids, inventory, reservations, policy }
    }

    /// Holds all of the seats for the hold time, or none. A key that was used for the same wish gives the
    /// first answer again, whatever has become of the ticket since.
    ///
    /// # Errors
    ///
    /// [`HoldSeatsError`], the first of its reasons in their order; nothing is held then.
    pub async fn handle(&self, command: HoldSeatsCommand) -> Result<Answer<Reservation>, HoldSeatsError> {
        let fingerprint = command.request.fingerprint();
        until_not_stale(|| self.attempt(&command, &fingerprint)).await
    }

    async fn attempt(
        &self,
        command: &HoldSeatsCommand,
        fingerprint: &Fingerprint,
    ) -> Result<Commit<Answer<Reservation>>, HoldSeatsError> {
        let HoldSeatsCommand { request, key } = command;
        let now = self.clock.now();
        let facts = self.inventory.load_for_hold(request, key.clone(), now).await?;
        if let Some(recorded) = &facts.recorded {
            return self.replay(request.user, recorded, fingerprint).await.map(Commit::Committed);
        }
        require_turn(facts.ticket.as_ref(), now)?;
        let reservation = facts.hold(request, &self.policy, ReservationId(self.ids.next()), now)?;
        let held = SeatsHeld {
            ticket: request.ticket,
            reservation,
            holds_made: facts.holds.holds_made,
            keyed: key.clone().map(|key| KeyedRequest { key, fingerprint: fingerprint.clone() }),
        };
        Ok(match self.inventory.commit_hold(&held).await? {
            Commit::Committed(()) => Commit::Committed(Answer::fresh(held.reservation)),
            Commit::Stale => Commit::Stale,
        })
    }

    async fn replay(
        &self,
        user: UserId,
        recorded: &IdempotencyRecord,
        fingerprint: &Fingerprint,
    ) -> Result<Answer<Reservation>, HoldSeatsError> {
        let id = ReservationId(recorded.result_for(fingerprint)?);
        let first = self.reservations.find(user, id).await?;
        let first = first.ok_or_else(|| StorageError::unexpected("a key's reservation is missing"))?;
        Ok(Answer::replayed(first.as_first_held()))
    }
}
