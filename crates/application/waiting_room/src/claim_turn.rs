//! Coming when the turn has come.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    waiting_room::{RoomMemory, Ticket, TicketState},
};

#[cfg(test)]
#[path = "claim_turn_tests.rs"]
mod tests;

/// Claims the turns of those who call: whoever comes in time keeps the turn for the session time.
pub struct ClaimTurn {
    memory: Arc<dyn RoomMemory>,
}

impl ClaimTurn {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(memory: Arc<dyn RoomMemory>) -> Self {
        Self { memory }
    }

    /// Claims the turn of whoever calls and needs it, also one that only the store knows of.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store had to be asked and could not answer: it would not answer the call itself.
    pub async fn handle(&self, issued: &Ticket) -> Result<(), StorageError> {
        let known = self.memory.place(issued).map(|standing| standing.ticket);
        if !matches!(known, Some(Ticket { state: TicketState::Active { claimed: true, .. }, .. })) {
            self.memory.look_up(issued).await?;
        }
        Ok(())
    }

    /// Claims the turn of whoever calls for something that needs none; and notes who waits and is there. A failure
    /// is only noted: what is asked for may be answered all the same.
    pub async fn handle_in_passing(&self, issued: &Ticket) {
        let Some(standing) = self.memory.place(issued) else { return };
        if standing.ticket.is_unclaimed() {
            if let Err(error) = self.memory.look_up(issued).await {
                tracing::debug!(?error, "a turn could not be claimed");
            }
        } else if standing.ticket.state == TicketState::Waiting {
            self.memory.note_presence(issued.number, standing.poll_after());
        }
    }
}
