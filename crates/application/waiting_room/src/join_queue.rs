//! Taking a place in the waiting room.

use std::sync::Arc;

use domain::{
    identity::{QueueClaims, SignedToken, SigningFailed, TokenPolicy, Tokens},
    ids::{IdSource, TicketId, UserId},
    storage::StorageError,
    time::Clock,
    waiting_room::{Joined, Newcomer, RoomMemory, Standing, TicketState, WaitingRoom},
};

use crate::caught_up::place_caught_up;

#[cfg(test)]
#[path = "join_queue_tests.rs"]
mod tests;

/// Somebody's place in the waiting room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The ticket and where it stands.
    pub standing: Standing,
    /// The queue token that stands for the ticket.
    pub token: SignedToken,
    /// Whether the ticket is new; otherwise the user held it already.
    pub newly_issued: bool,
}

/// Why somebody got no place.
#[derive(Debug, thiserror::Error)]
pub enum JoinQueueError {
    /// The room takes nobody in.
    #[error("the waiting room takes nobody in at present")]
    Closed,
    /// There is no such user: the token that named it is of another store.
    #[error("there is no such user")]
    UnknownUser,
    /// The token could not be signed: a fault of ours. The place is kept for the next try.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Lets users join the queue.
pub struct JoinQueue {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    room: Arc<dyn WaitingRoom>,
    memory: Arc<dyn RoomMemory>,
    tokens: Arc<dyn Tokens>,
    policy: TokenPolicy,
}

impl JoinQueue {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        room: Arc<dyn WaitingRoom>,
        memory: Arc<dyn RoomMemory>,
        tokens: Arc<dyn Tokens>,
        policy: TokenPolicy,
    ) -> Self {
        Self { clock, ids, room, memory, tokens, policy }
    }

    /// The user's place: the one of the live ticket, or else a new one behind everybody. The token is signed
    /// anew in either case.
    ///
    /// # Errors
    ///
    /// [`JoinQueueError`] when the room is closed, no token could be signed, or the store could not answer.
    pub async fn handle(&self, user: UserId) -> Result<Place, JoinQueueError> {
        let newcomer = Newcomer { user, ticket: TicketId(self.ids.next()) };
        let (ticket, newly_issued) = match self.room.join(newcomer).await? {
            Joined::Issued(ticket) => (ticket, true),
            Joined::Again(ticket) => (ticket, false),
            Joined::Closed => return Err(JoinQueueError::Closed),
            Joined::UnknownUser => return Err(JoinQueueError::UnknownUser),
        };
        let now = self.clock.now();
        let claims = QueueClaims {
            user,
            ticket: ticket.id,
            number: ticket.number,
            issued_at: ticket.issued_at,
            expires_at: now + self.policy.queue,
        };
        let token = self.tokens.sign_queue(&claims, now)?;
        let standing = place_caught_up(&*self.memory, ticket).await;
        if standing.ticket.state == TicketState::Waiting {
            self.memory.note_presence(claims.number, standing.poll_after());
        }
        Ok(Place { standing, token, newly_issued })
    }
}
