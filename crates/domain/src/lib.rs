//! The rules of a concert reservation service with a fair waiting room.
//!
//! A folder a subject: its entities and value objects, its policies, its errors and its ports. Everything
//! here is pure: no I/O, no clock, no randomness. What a decision needs is loaded through a port, the
//! decision is a function of it and of `now`, and the port's `commit` applies it if it still holds
//! (see [`commit`]).

pub mod catalog;
pub mod commit;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod money;
pub mod page;
pub mod payment;
pub mod reservation;
#[cfg(feature = "mocks")]
pub mod samples;
pub mod storage;
pub mod text;
pub mod time;
pub mod waiting_room;
pub mod wallet;
