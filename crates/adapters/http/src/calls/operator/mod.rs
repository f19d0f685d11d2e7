//! The operator's calls. They are there only where a key is configured.

pub(crate) mod change_policy;
pub(crate) mod create_concert;
pub(crate) mod create_schedule;
pub(crate) mod policy;
pub(crate) mod refund_payment;
pub(crate) mod show_queue;
