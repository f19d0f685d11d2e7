//! What is in the database, read by SQL of the storm's own.

mod rows;
mod sql;
mod state;

pub use rows::*;
pub use sql::Database;
pub use state::State;
