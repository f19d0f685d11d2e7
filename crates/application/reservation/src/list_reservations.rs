//! Listing one's own reservations.

use std::sync::Arc;

use domain::{
    ids::UserId,
    page::{Page, PageRequest},
    reservation::{Reservation, ReservationQuery, ReservationStatus, Reservations},
    storage::StorageError,
    time::Clock,
};

#[cfg(test)]
#[path = "list_reservations_tests.rs"]
mod tests;

/// Which of a user's reservations are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListReservationsQuery {
    /// Whose.
    pub user: UserId,
    /// Those in this status now; all if none is named.
    pub status: Option<ReservationStatus>,
    /// Which page.
    pub page: PageRequest,
}

/// Lists a user's reservations.
pub struct ListReservations {
    clock: Arc<dyn Clock>,
    reservations: Arc<dyn Reservations>,
}

impl ListReservations {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, reservations: Arc<dyn Reservations>) -> Self {
        Self { clock, reservations }
    }

    /// A page of the user's reservations as they are now, newest first.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self, query: ListReservationsQuery) -> Result<Page<Reservation>, StorageError> {
        let ListReservationsQuery { user, status, page } = query;
        let now = self.clock.now();
        let reservations = self.reservations.list(&ReservationQuery { user, status, page, now }).await?;
        Ok(reservations.map(|reservation| reservation.seen_at(now)))
    }
}
