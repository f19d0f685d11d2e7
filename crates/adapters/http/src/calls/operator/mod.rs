//! The operator's calls. They are there only where a key is configured.
//!
//! `POST /admin/payments/{id}/refund` belongs here too.

pub(crate) mod change_policy;
pub(crate) mod create_concert;
pub(crate) mod create_schedule;
pub(crate) mod policy;
pub(crate) mod show_queue;
