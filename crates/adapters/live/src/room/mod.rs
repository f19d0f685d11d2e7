//! The waiting room in memory.

mod follower;
mod live_room;
mod lookups;
mod measurements;
mod presence_book;
mod watches;

#[cfg(test)]
mod tests;

pub use live_room::LiveRoom;
pub use measurements::{WAITING_DURATION, describe_room_measurements};
