//! Who somebody is: registering, logging in, and telling callers by their tokens.

mod find_user;
mod identify_caller;
mod open_session;
mod register_user;
mod verify_credentials;

#[cfg(test)]
mod samples;

pub use find_user::*;
pub use identify_caller::*;
pub use open_session::*;
pub use register_user::*;
pub use verify_credentials::*;
