//! Payments: a hold becomes the user's, once.

mod ports;
mod receipt;
mod refund;
mod settle;

pub use ports::*;
pub use receipt::*;
pub use refund::*;
pub use settle::*;
