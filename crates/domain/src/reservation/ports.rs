//! What reservations need from a store.

use async_trait::async_trait;

use super::{
    CancelFacts, HoldFacts, HoldReleased, HoldRequest, Reservation, ReservationStatus, SeatsHeld, SeatsSeen,
};
use crate::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    page::{Page, PageRequest},
    storage::StorageError,
    time::Timestamp,
};

/// The seats as they are held and given back.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait SeatInventory: Send + Sync {
    /// What a decision about holding seats is made from, as of moments that fit together: whoever is shown the
    /// effect of a change MUST be shown its key, too. `now` is when holds are counted.
    async fn load_for_hold(
        &self,
        request: &HoldRequest,
        key: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<HoldFacts, StorageError>;

    /// The seats of a schedule with who has them, as of a moment after the call; none when there is no such schedule.
    async fn see_seats(&self, schedule: ScheduleId) -> Result<Option<SeatsSeen>, StorageError>;

    /// Whether the user held seats under this key. Every hold that was committed before the call MUST be known.
    async fn is_key_used(&self, user: UserId, key: &IdempotencyKey) -> Result<bool, StorageError>;

    /// Holds the seats, in one transaction, if every condition of [`SeatsHeld`] holds by the store's own
    /// time.
    async fn commit_hold(&self, held: &SeatsHeld) -> Result<Commit<()>, StorageError>;

    /// What a decision about giving up a hold is made from.
    async fn load_for_cancel(
        &self,
        ticket: TicketId,
        user: UserId,
        reservation: ReservationId,
    ) -> Result<CancelFacts, StorageError>;

    /// Gives the seats back, in one transaction, if every condition of [`HoldReleased`] holds by the store's
    /// own time.
    async fn commit_cancel(&self, released: &HoldReleased) -> Result<Commit<()>, StorageError>;

    /// Notes that holds have run out, up to `at_most` of them, and tells how many. Nothing depends on it:
    /// they do not count anyway.
    async fn tidy_run_out_holds(&self, at_most: u32) -> Result<u64, StorageError>;
}

/// Which reservations are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservationQuery {
    /// Whose.
    pub user: UserId,
    /// In which status at `now`; all if none is named.
    pub status: Option<ReservationStatus>,
    /// Which page.
    pub page: PageRequest,
    /// The instant that tells reserved from expired.
    pub now: Timestamp,
}

/// The reservations as they are looked up.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Reservations: Send + Sync {
    /// A user's reservation; none when the user has no such reservation.
    async fn find(&self, user: UserId, id: ReservationId) -> Result<Option<Reservation>, StorageError>;

    /// A page of a user's reservations, newest first.
    async fn list(&self, query: &ReservationQuery) -> Result<Page<Reservation>, StorageError>;
}
