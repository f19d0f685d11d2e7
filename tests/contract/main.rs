//! What every store must do, written once against the ports and run against each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod catalog;
mod constraints;
mod idempotency;
mod payments;
mod reservations;
mod seat_inventory;
mod stage;
mod users;
mod waiting_room;
mod wallets;
