//! How calls reach the service, and how its answers are read.

pub mod answers;
mod bodies;
pub mod caller;
pub mod connection;
pub mod gates;
pub mod outgoing;
