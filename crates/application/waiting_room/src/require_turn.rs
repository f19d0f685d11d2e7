//! Letting through only those whose turn it is.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    time::Clock,
    waiting_room::{NoTurn, RoomMemory, Ticket, require_turn},
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
    memory: Arc<dyn RoomMemory>,
}

impl RequireTurn {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, memory: Arc<dyn RoomMemory>) -> Self {
        Self { clock, memory }
    }

    /// The ticket, whose turn it is now, that was issued like this. From memory where that is fresh and knows of
    /// the turn; otherwise the store is asked, and the turn claimed.
    ///
    /// # Errors
    ///
    /// [`RequireTurnError`] when it is not its turn or the store could not answer.
    pub async fn handle(&self, issued: &Ticket) -> Result<Ticket, RequireTurnError> {
        let now = self.clock.now();
        if let Some(ticket) = self.known_turn(issued)
            && require_turn(Some(&ticket), now).is_ok()
        {
            return Ok(ticket);
        }
        let ticket = self.memory.look_up(issued).await?;
        Ok(*require_turn(ticket.as_ref(), now)?)
    }

    /// The turn, if it is known and was claimed.
    fn known_turn(&self, issued: &Ticket) -> Option<Ticket> {
        if !self.memory.is_fresh() {
            return None;
        }
        let ticket = self.memory.place(issued)?.ticket;
        (!ticket.is_unclaimed()).then_some(ticket)
    }
}
