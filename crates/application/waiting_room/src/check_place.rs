//! Asking where one stands.

use std::sync::Arc;

use domain::{
    ids::TicketId,
    storage::StorageError,
    time::Clock,
    waiting_room::{Standing, WaitingRoom},
};

#[cfg(test)]
#[path = "check_place_tests.rs"]
mod tests;

/// Why a place was not told.
#[derive(Debug, thiserror::Error)]
pub enum CheckPlaceError {
    /// There is no such ticket.
    #[error("the queue token names no ticket of this waiting room")]
    UnknownTicket,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Checks where tickets stand.
pub struct CheckPlace {
    clock: Arc<dyn Clock>,
    room: Arc<dyn WaitingRoom>,
}

impl CheckPlace {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, room: Arc<dyn WaitingRoom>) -> Self {
        Self { clock, room }
    }

    /// Where the ticket stands, its state as it is now: a turn that has run out has ended, whether or not
    /// anybody has noted it.
    ///
    /// # Errors
    ///
    /// [`CheckPlaceError`] when there is no such ticket or the store could not answer.
    pub async fn handle(&self, ticket: TicketId) -> Result<Standing, CheckPlaceError> {
        let now = self.clock.now();
        let mut standing = self.room.standing(ticket).await?.ok_or(CheckPlaceError::UnknownTicket)?;
        standing.ticket.state = standing.ticket.state_at(now);
        Ok(standing)
    }
}
