//! Giving up one's place.

use std::sync::Arc;

use domain::{
    ids::TicketId,
    reservation::GIVEN_BACK_TOLD_AFTER,
    storage::StorageError,
    time::{Clock, Timer},
    waiting_room::{EndReason, Left, NoTurn, RoomMemory, TicketState, WaitingRoom},
};
use futures_util::future::join;

#[cfg(test)]
#[path = "leave_queue_tests.rs"]
mod tests;

/// Why there was no place to give up.
#[derive(Debug, thiserror::Error)]
pub enum LeaveQueueError {
    /// There is no such ticket, or it has ended: never that it waits.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Lets users leave the queue, whether they wait or it is their turn.
pub struct LeaveQueue {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    room: Arc<dyn WaitingRoom>,
    memory: Arc<dyn RoomMemory>,
}

impl LeaveQueue {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        room: Arc<dyn WaitingRoom>,
        memory: Arc<dyn RoomMemory>,
    ) -> Self {
        Self { clock, timer, room, memory }
    }

    /// Ends the ticket; a slot that this frees goes to the next. That it is done, or was already, is told when no look at
    /// seats that began before takes the turn for live.
    ///
    /// # Errors
    ///
    /// [`LeaveQueueError`] when there is no such ticket, it has ended, or the store could not answer.
    pub async fn handle(&self, ticket: TicketId) -> Result<(), LeaveQueueError> {
        match self.room.leave(ticket).await? {
            Left::Done => {
                join(self.timer.wait(GIVEN_BACK_TOLD_AFTER), self.memory.catch_up()).await;
                Ok(())
            }
            Left::NotLive => {
                let wait = self.timer.wait(GIVEN_BACK_TOLD_AFTER);
                let ((), why) = join(wait, self.why_not_live(ticket)).await;
                Err(why?.into())
            }
        }
    }

    async fn why_not_live(&self, ticket: TicketId) -> Result<NoTurn, StorageError> {
        let now = self.clock.now();
        let Some(ticket) = self.room.find(ticket).await? else { return Ok(NoTurn::Unknown) };
        Ok(NoTurn::Ended(match ticket.state_at(now) {
            TicketState::Ended { reason } => reason,
            // The room knows that the ticket has ended, this view of it does not yet: most likely its owner
            // gave it up twice at the same moment.
            TicketState::Waiting | TicketState::Active { .. } => EndReason::Left,
        }))
    }
}
