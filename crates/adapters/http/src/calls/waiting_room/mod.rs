//! The waiting room: joining, asking, leaving.
//!
//! The stream of `GET /queue/events` belongs here too.

pub(crate) mod check_place;
pub(crate) mod join_queue;
pub(crate) mod leave_queue;
pub(crate) mod ticket;
