//! What every store must do, written once against the ports and run against each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]
#![allow(clippy::needless_pass_by_value, reason = "a test owns its store, which is gone when it ends")]
#![allow(clippy::similar_names, reason = "what is charged and the charges, the stage and its states")]
#![allow(clippy::unnecessary_wraps, reason = "the fields that are filled take what is optional")]

mod admission;
mod cancellation;
mod catalog;
mod clock;
mod constraints;
mod growth;
mod idempotency;
mod made_together;
mod migrations;
mod payment_conditions;
mod payments;
mod presence;
mod refunds;
mod reservations;
mod room_reading;
mod seat_inventory;
mod seat_races;
mod seats_given_back;
mod stage;
mod turns;
mod users;
mod waiting_room;
mod wallets;
