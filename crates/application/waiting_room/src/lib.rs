//! The waiting room: joining, asking where one stands, coming in, leaving, being admitted, and running the room.

mod admit_waiters;
mod caught_up;
mod change_policy;
mod check_place;
mod claim_turn;
mod join_queue;
mod leave_queue;
mod require_turn;
mod show_queue;

#[cfg(test)]
mod samples;

pub use admit_waiters::*;
pub use change_policy::*;
pub use check_place::*;
pub use claim_turn::*;
pub use join_queue::*;
pub use leave_queue::*;
pub use require_turn::*;
pub use show_queue::*;
