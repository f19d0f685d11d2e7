//! What can be booked: concerts, schedules, seats.

pub(crate) mod list_concerts;
pub(crate) mod list_schedules;
pub(crate) mod list_seats;
pub(crate) mod listings;
pub(crate) mod watch_seats;
