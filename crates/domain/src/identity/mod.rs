//! Who somebody is: users, their passwords, and the tokens that say who is calling.

mod attempts;
mod credentials;
mod tokens;
mod user;

pub use attempts::*;
pub use credentials::*;
pub use tokens::*;
pub use user::*;
