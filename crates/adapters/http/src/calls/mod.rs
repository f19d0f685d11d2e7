//! The calls, a folder a subject, a file a call: what comes in, what goes out, and the handler between.

pub(crate) mod around;
pub(crate) mod catalog;
pub(crate) mod identity;
pub(crate) mod operator;
pub(crate) mod payment;
pub(crate) mod reservation;
pub(crate) mod waiting_room;
pub(crate) mod wallet;
