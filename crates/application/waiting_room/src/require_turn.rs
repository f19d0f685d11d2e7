//! Letting through only those whose turn it is.

use std::sync::Arc;

use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::Clock,
    waiting_room::{NoTurn, Ticket, WaitingRoom, require_turn},
};

#[cfg(test)]
#[path = "require_turn_tests.rs"]
mod tests;

/// Why somebody was not let through.
#[derive(Debug, thiserror::Error)]
pub enum RequireTurnError {
    /// It is not the ticket's turn.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Requires that it is a ticket's turn.
pub struct RequireTurn {
    clock: Arc<dyn Clock>,
    room: Arc<dyn WaitingRoom>,
}

impl RequireTurn {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, room: Arc<dyn WaitingRoom>) -> Self {
        Self { clock, room }
    }

    /// The user's ticket, whose turn it is now.
    ///
    /// # Errors
    ///
    /// [`RequireTurnError`] when it is not its turn or the store could not answer.
    pub async fn handle(&self, ticket: TicketId, user: UserId) -> Result<Ticket, RequireTurnError> {
        let now = self.clock.now();
        let standing = self.room.turn(ticket, user).await?;
        Ok(require_turn(standing.as_ref(), now)?.clone())
    }
}
