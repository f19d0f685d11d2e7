//! Holding seats, and what became of it.

pub(crate) mod body;
pub(crate) mod cancel_reservation;
pub(crate) mod find_reservation;
pub(crate) mod hold_seats;
pub(crate) mod list_reservations;
