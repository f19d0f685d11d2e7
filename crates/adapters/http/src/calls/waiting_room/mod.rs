//! The waiting room: joining, asking, following, leaving.

pub(crate) mod check_place;
pub(crate) mod follow_place;
pub(crate) mod join_queue;
pub(crate) mod leave_queue;
pub(crate) mod ticket;
