//! Looking up one of one's own reservations.

use std::sync::Arc;

use domain::{
    ids::{ReservationId, UserId},
    reservation::{Reservation, Reservations},
    storage::StorageError,
    time::Clock,
};

#[cfg(test)]
#[path = "find_reservation_tests.rs"]
mod tests;

/// Why a reservation was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindReservationError {
    /// The user has no such reservation.
    #[error("there is no such reservation")]
    NotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Finds a user's reservation.
pub struct FindReservation {
    clock: Arc<dyn Clock>,
    reservations: Arc<dyn Reservations>,
}

impl FindReservation {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, reservations: Arc<dyn Reservations>) -> Self {
        Self { clock, reservations }
    }

    /// The user's reservation as it is now: a hold that has run out has expired.
    ///
    /// # Errors
    ///
    /// [`FindReservationError`] when the user has no such reservation or the store could not answer.
    pub async fn handle(&self, user: UserId, id: ReservationId) -> Result<Reservation, FindReservationError> {
        let now = self.clock.now();
        let reservation = self.reservations.find(user, id).await?.ok_or(FindReservationError::NotFound)?;
        Ok(reservation.seen_at(now))
    }
}
