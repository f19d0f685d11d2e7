//! The stores: every port of the domain that keeps something, on SQLite and on PostgreSQL.
//!
//! One schema ([`mod@schema`]), one set of column types and rows, and the same questions for both stores;
//! what they write, each writes in its own way: [`sqlite`] on one thread that commits together what has
//! arrived together, [`postgres`] in one statement for the holds, charges, payments or claims that have arrived
//! together, whose conditions the server checks, and in one transaction for the waiting room's changes that have.

mod added_schedules;
mod codes;
mod convert;
pub mod fail_points;
mod hold_callers;
mod kept;
mod limits;
mod line;
mod pages;
mod postgres;
mod queries;
mod questions;
mod room_batch;
mod room_changes;
mod room_rows;
mod rows;
mod schema;
mod sql_types;
mod sqlite;
mod statement;
mod store;
mod system_clock;
mod ticket_conditions;

pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
pub use store::{Ports, Store, StoreAddress, StoreAddressError};
pub use system_clock::SystemClock;
