//! Asking where one stands.

use std::sync::Arc;

use chrono::Duration;
use domain::{
    storage::StorageError,
    time::Clock,
    waiting_room::{RoomMemory, Standing, Ticket, TicketState, TicketWatch},
};

use crate::caught_up::place_caught_up;

#[cfg(test)]
#[path = "check_place_tests.rs"]
mod tests;

/// Why a place was not told.
#[derive(Debug, thiserror::Error)]
pub enum CheckPlaceError {
    /// There is no such ticket.
    #[error("the queue token names no ticket of this waiting room")]
    UnknownTicket,
    /// Whoever waits asks much more often than was told.
    #[error("the place was asked for too often; it is told again in {} s", again_after.num_seconds() + 1)]
    TooFast {
        /// After how long the next question would be answered.
        again_after: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Checks where tickets stand: from memory, for those who wait.
pub struct CheckPlace {
    clock: Arc<dyn Clock>,
    memory: Arc<dyn RoomMemory>,
}

impl CheckPlace {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, memory: Arc<dyn RoomMemory>) -> Self {
        Self { clock, memory }
    }

    /// Where a ticket stands that was issued like this, its state as it is now: a turn that has run out has
    /// ended, whether or not anybody has noted it. A turn that has come is claimed.
    ///
    /// # Errors
    ///
    /// [`CheckPlaceError`] when there is no such ticket, the questions come too fast, or the store could not
    /// answer for a ticket that is not in memory.
    pub async fn handle(&self, issued: &Ticket) -> Result<Standing, CheckPlaceError> {
        let standing = self.place(issued).await?;
        if standing.ticket.state == TicketState::Waiting {
            let counted = self.memory.note_question(issued.number, standing.poll_after());
            counted.map_err(|again_after| CheckPlaceError::TooFast { again_after })?;
        }
        Ok(standing)
    }

    /// The same for somebody who is told without asking, and is there all the time.
    ///
    /// # Errors
    ///
    /// As [`CheckPlace::handle`], but never that questions come too fast.
    pub async fn follow(&self, issued: &Ticket) -> Result<Standing, CheckPlaceError> {
        let standing = self.place(issued).await?;
        if standing.ticket.state == TicketState::Waiting {
            self.memory.note_presence(issued.number, standing.poll_after());
        }
        Ok(standing)
    }

    /// Watches a ticket from now on.
    #[must_use]
    pub fn watch(&self, issued: &Ticket) -> Box<dyn TicketWatch> {
        self.memory.watch(issued.number)
    }

    /// What somebody is told who was refused because it is not the turn yet; from memory alone.
    #[must_use]
    pub fn of_refused(&self, issued: &Ticket) -> Standing {
        let standing = self.memory.place_told(*issued);
        self.memory.note_presence(issued.number, standing.poll_after());
        standing
    }

    async fn place(&self, issued: &Ticket) -> Result<Standing, CheckPlaceError> {
        let known = self.memory.place(issued);
        let is_settled = |standing: &&Standing| !standing.ticket.is_unclaimed();
        let mut standing = match known.as_ref().filter(is_settled) {
            Some(standing) => standing.clone(),
            None => self.ask_store(issued, known).await?,
        };
        standing.ticket.state = standing.ticket.state_at(self.clock.now());
        Ok(standing)
    }

    /// While the store is away, what is known is told.
    async fn ask_store(&self, issued: &Ticket, known: Option<Standing>) -> Result<Standing, CheckPlaceError> {
        let ticket = match (self.memory.look_up(issued).await, known) {
            (Ok(ticket), _) => ticket.ok_or(CheckPlaceError::UnknownTicket)?,
            (Err(_), Some(known)) => return Ok(known),
            (Err(error), None) => return Err(error.into()),
        };
        if ticket.state == TicketState::Waiting {
            // It was issued after what is known: only with it is the number of those ahead exact.
            return Ok(place_caught_up(&*self.memory, ticket).await);
        }
        Ok(self.memory.place_told(ticket))
    }
}
