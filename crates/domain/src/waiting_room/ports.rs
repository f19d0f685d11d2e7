//! What the waiting room needs from a store.

use async_trait::async_trait;

use super::{PolicyChange, RoomPolicy, Standing};
use crate::{
    ids::{TicketId, UserId},
    storage::StorageError,
};

/// Somebody who joins, and the id the ticket will have if a new one is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// Who joins.
    pub user: UserId,
    /// The new ticket's id.
    pub ticket: TicketId,
}

/// What became of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// A new ticket, behind everybody who came before.
    Issued(Standing),
    /// The user's live ticket, again.
    Again(Standing),
    /// The room takes nobody in.
    Closed,
    /// There is no such user.
    UnknownUser,
}

/// What became of leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The ticket has ended.
    Done,
    /// The ticket was not live any more, or there is none.
    NotLive,
}

/// The room from the operator's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOverview {
    /// The policy in force.
    pub policy: RoomPolicy,
    /// How many wait.
    pub waiting: u64,
    /// How many turns are live.
    pub active: u64,
    /// The last number handed out.
    pub issued: u64,
    /// Admissions within the last [`super::MEASURED_FOR`].
    pub admitted_lately: u64,
}

/// The waiting room's store. Every change is one transaction under the room's lock, and asks the store's
/// own time, so that no instance's wrong clock can break the order or the cap.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait WaitingRoom: Send + Sync {
    /// Finds the user's live ticket, or issues one with the next number if the policy takes newcomers.
    /// Numbers MUST follow the order of arrival without gaps or repeats. Before anybody is told, MUST do what
    /// [`WaitingRoom::admit`] does in the same transaction: so whoever joins while a slot is free and nobody
    /// waits is admitted at once, and nobody overtakes.
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError>;

    /// A ticket and where it stands; none when there is no such ticket.
    async fn standing(&self, ticket: TicketId) -> Result<Option<Standing>, StorageError>;

    /// A user's ticket, for whoever asks whether it is its turn; none when the user has no such ticket. The
    /// room is counted only if the ticket waits, since only then is anybody told.
    async fn turn(&self, ticket: TicketId, user: UserId) -> Result<Option<Standing>, StorageError>;

    /// Ends a live ticket because its owner gives it up, and fills the slot that this may free as
    /// [`WaitingRoom::admit`] does, in the same transaction.
    async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError>;

    /// Ends the turns that have run out, counts, and admits as many of those who wait, first come first, as
    /// [`RoomPolicy::admissible`] allows; tells how many.
    async fn admit(&self) -> Result<u64, StorageError>;

    /// The room from the operator's side.
    async fn overview(&self) -> Result<RoomOverview, StorageError>;

    /// Changes the policy, and tells the whole of it.
    async fn change_policy(&self, change: &PolicyChange) -> Result<RoomPolicy, StorageError>;
}
