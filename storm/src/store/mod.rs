//! What is in the database, read by SQL of the storm's own.

mod sql;
mod state;

pub use sql::Database;
pub use state::*;
