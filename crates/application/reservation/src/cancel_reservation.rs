//! Giving up a hold.

use std::sync::Arc;

use domain::{
    commit::{Commit, until_not_stale},
    ids::{ReservationId, TicketId, UserId},
    reservation::{
        CancelRefused, GIVEN_BACK_TOLD_AFTER, HoldReleased, Reservation, ReservationStatus, SeatInventory,
    },
    storage::StorageError,
    time::{Clock, Timer},
    waiting_room::{NoTurn, require_turn},
};

#[cfg(test)]
#[path = "cancel_reservation_tests.rs"]
mod tests;

/// Somebody's wish to give up a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelReservationCommand {
    /// Who.
    pub user: UserId,
    /// With which ticket.
    pub ticket: TicketId,
    /// Which hold.
    pub reservation: ReservationId,
}

/// Why a hold was not given up.
#[derive(Debug, thiserror::Error)]
pub enum CancelReservationError {
    /// It is not the caller's turn.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// A rule speaks against it.
    #[error(transparent)]
    Refused(#[from] CancelRefused),
    /// The store could not answer, or others were faster each time.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Cancels reservations that are not paid.
pub struct CancelReservation {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    inventory: Arc<dyn SeatInventory>,
}

impl CancelReservation {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, timer: Arc<dyn Timer>, inventory: Arc<dyn SeatInventory>) -> Self {
        Self { clock, timer, inventory }
    }

    /// Gives the seats back, free at once, and tells the reservation, cancelled. That it is, or was already, is told when
    /// nobody is refused any more by a look that began before.
    ///
    /// # Errors
    ///
    /// [`CancelReservationError`], the first of its reasons in their order; nothing has changed then.
    pub async fn handle(
        &self,
        command: CancelReservationCommand,
    ) -> Result<Reservation, CancelReservationError> {
        let outcome = until_not_stale(|| self.attempt(command)).await;
        if tells_of_free_seats(&outcome) {
            self.timer.wait(GIVEN_BACK_TOLD_AFTER).await;
        }
        outcome
    }

    async fn attempt(
        &self,
        command: CancelReservationCommand,
    ) -> Result<Commit<Reservation>, CancelReservationError> {
        let CancelReservationCommand { user, ticket, reservation } = command;
        let now = self.clock.now();
        let facts = self.inventory.load_for_cancel(ticket, user, reservation).await?;
        require_turn(facts.ticket.as_ref(), now)?;
        let released = HoldReleased { ticket, reservation: facts.cancel(now)? };
        Ok(match self.inventory.commit_cancel(&released).await? {
            Commit::Committed(()) => Commit::Committed(released.reservation),
            Commit::Stale => Commit::Stale,
        })
    }
}

fn tells_of_free_seats(outcome: &Result<Reservation, CancelReservationError>) -> bool {
    let was_done = CancelRefused::NotCancellable(ReservationStatus::Cancelled);
    match outcome {
        Ok(_) => true,
        Err(CancelReservationError::Refused(refused)) => *refused == was_done,
        Err(_) => false,
    }
}
