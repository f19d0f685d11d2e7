//! What can be booked: concerts, schedules, seats.
//!
//! The stream of `GET /schedules/{scheduleId}/seats/events` belongs here too, and so do the `ETag`s of
//! concerts and schedules.

pub(crate) mod list_concerts;
pub(crate) mod list_schedules;
pub(crate) mod list_seats;
