//! What can be booked: concerts, their schedules, and the seats.

mod concert;
mod ports;
mod schedule;
mod seat;
mod seat_map;

pub use concert::*;
pub use ports::*;
pub use schedule::*;
pub use seat::*;
pub use seat_map::*;
