//! The catalogue: browsing what can be booked, and adding to it.

mod create_concert;
mod create_schedule;
mod list_concerts;
mod list_schedules;
mod list_seats;
mod watch_seats;

#[cfg(test)]
mod samples;

pub use create_concert::*;
pub use create_schedule::*;
pub use list_concerts::*;
pub use list_schedules::*;
pub use list_seats::*;
pub use watch_seats::*;
