//! What an instance keeps in memory and follows the store for.
//!
//! The store is the one place where the truth is. What is kept here is read from it again and again, may be lost
//! at any time, and decides nothing. It costs the store the same however many ask this instance for it.

mod room;
mod seat_boards;

pub use room::{LiveRoom, WAITING_DURATION, describe_room_measurements};
pub use seat_boards::LiveSeatBoards;
