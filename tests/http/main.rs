//! The service from outside: the shipped executable, over HTTP, on each store. On PostgreSQL three instances
//! share the database and requests are spread over them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "test code"
)]

mod bad_input;
mod buying;
mod callers;
mod catalogue;
mod full_disk;
mod hanging_store;
mod holds;
mod idempotency;
mod login;
mod money;
mod operations;
mod operator;
mod outage;
mod overload;
mod ownership;
mod process;
mod queue_events;
mod queue_policy;
mod races;
mod refunds;
mod seat_events;
mod waiting_room;
