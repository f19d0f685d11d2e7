//! What an instance keeps in memory, and follows the store for.

mod room;

pub use room::{LiveRoom, WAITING_DURATION, describe_room_measurements};
