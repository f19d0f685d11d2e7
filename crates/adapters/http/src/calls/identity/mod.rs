//! Users and sessions.

mod credentials;
pub(crate) mod open_session;
pub(crate) mod register_user;

pub(crate) use credentials::{address, attempt, credentials};
