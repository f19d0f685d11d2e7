//! What can be booked: concerts, their schedules, and the seats.

mod concert;
mod ports;
mod schedule;
mod seat;

pub use concert::*;
pub use ports::*;
pub use schedule::*;
pub use seat::*;
