//! The fans: who they are, and how they pass their time.

mod inside;
mod malice;
mod person;
mod requests;
mod retries;
mod visit;

pub use person::{Account, Fan};
