//! What can be booked: concerts, schedules, seats.
//!
//! The `ETag`s of concerts and schedules belong here too.

pub(crate) mod list_concerts;
pub(crate) mod list_schedules;
pub(crate) mod list_seats;
pub(crate) mod watch_seats;
