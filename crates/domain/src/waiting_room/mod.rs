//! The waiting room: tickets in the order of arrival, and whose turn it is.

mod policy;
mod polling;
mod ports;
mod ticket;
mod turn;

pub use policy::*;
pub use polling::*;
pub use ports::*;
pub use ticket::*;
pub use turn::*;
