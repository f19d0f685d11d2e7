//! Payments: a hold becomes the user's, once.

mod ports;
mod receipt;
mod settle;

pub use ports::*;
pub use receipt::*;
pub use settle::*;
