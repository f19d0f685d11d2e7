//! What the waiting room needs from a store, and from the memory of the instance.

use async_trait::async_trait;
use chrono::Duration;

use super::{PolicyChange, RollCall, RoomMark, RoomOverview, RoomPolicy, RoomReading, Standing, Ticket};
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
    Issued(Ticket),
    /// The user's live ticket, again.
    Again(Ticket),
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

/// The waiting room's store. Every change but a claim is made under the room's lock, and all ask the store's
/// own time, so that no instance's wrong clock can break the order or the cap. Changes that arrive together may
/// be made together, each with its own outcome.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait WaitingRoom: Send + Sync {
    /// Finds the user's live ticket, or issues one with the next number if the policy takes newcomers.
    /// Numbers MUST follow the order of arrival without gaps or repeats. Before anybody is told, MUST do what
    /// [`WaitingRoom::admit`] does in the same transaction: so whoever joins while a slot is free and nobody
    /// waits is admitted at once, and nobody overtakes. A turn that the ticket has then is claimed.
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError>;

    /// A ticket as it is stored; none when there is no such ticket.
    async fn find(&self, ticket: TicketId) -> Result<Option<Ticket>, StorageError>;

    /// A user's ticket as it is stored, its turn claimed if it is its turn and it was not claimed; none when the
    /// user has no such ticket.
    async fn claim(&self, ticket: TicketId, user: UserId) -> Result<Option<Ticket>, StorageError>;

    /// Ends a live ticket because its owner gives it up, and fills the slot that this may free as
    /// [`WaitingRoom::admit`] does, in the same transaction.
    async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError>;

    /// Ends the turns that have run out, counts, and admits as many of those who wait and are there, first
    /// come first, as [`RoomPolicy::admissible`] allows; tells how many, of changes that were made together only
    /// one caller. Whoever is gone when the turn comes
    /// (see [`super::RollKept::passes_over`]) is passed over.
    async fn admit(&self) -> Result<u64, StorageError>;

    /// Notes who is there near the front, and then admits as [`WaitingRoom::admit`] does: whoever was passed
    /// over and is back comes first. Tells how many were admitted.
    async fn call_roll(&self, roll: &RollCall) -> Result<u64, StorageError>;

    /// Changes the policy, admits those whom it has room for, and tells the whole of it.
    async fn change_policy(&self, change: &PolicyChange) -> Result<RoomPolicy, StorageError>;

    /// The whole room; or what has changed since the reading that gave `since`, at a cost that does not depend
    /// on how many wait. Nothing that was committed before MUST be left out.
    async fn read_room(&self, since: Option<RoomMark>) -> Result<RoomReading, StorageError>;
}

/// Tells that something may have changed in the room's store.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RoomNotices: Send + Sync {
    /// Waits until something has changed since this last returned; one return may stand for many changes, and
    /// a notice may be lost.
    async fn next(&self);
}

/// The room in the memory of this instance: [`super::RoomView`] kept up to date, and who asked when.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RoomMemory: Send + Sync {
    /// Where a ticket stands that was issued like this; none when this instance does not know it: it is too
    /// new, or has ended, or there is none. Asks no store.
    fn place(&self, issued: &Ticket) -> Option<Standing>;

    /// Whether what is known is not older than [`super::FRESH_FOR`], so that it may let somebody through.
    fn is_fresh(&self) -> bool;

    /// Notes that somebody is there who waits, and is told to ask again after `told`.
    fn note_presence(&self, number: u64, told: Duration);

    /// Counts a question of somebody who waits, and notes the presence.
    ///
    /// # Errors
    ///
    /// After how long the next question would be answered, when they come too fast.
    fn note_question(&self, number: u64, told: Duration) -> Result<(), Duration>;

    /// Asks the store for a user's ticket that this instance does not know as admitted, and claims its turn. A
    /// refusal is repeated for a quarter of a second without asking again. None when the user has no such ticket.
    async fn look_up(&self, issued: &Ticket) -> Result<Option<Ticket>, StorageError>;

    /// Waits until everything is known that was committed before the call, or the store turns out to be away; tells
    /// whether it is known.
    async fn catch_up(&self) -> bool;

    /// Where a ticket stands that the store has just told: by this memory if it knows it, or else behind
    /// everybody.
    fn place_told(&self, ticket: Ticket) -> Standing;

    /// Watches a ticket from now on.
    fn watch(&self, number: u64) -> Box<dyn TicketWatch>;

    /// The room in numbers.
    fn overview(&self) -> RoomOverview;
}

/// Watches one ticket.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TicketWatch: Send {
    /// Waits until something has happened to the ticket since this last returned, or since the watch began.
    async fn changed(&mut self);
}
