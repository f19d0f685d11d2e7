//! What the benchmarks have in common: stores with a room and a hall of seats in them, clients that cost little,
//! and what is told of what was measured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that can not go on says why and ends; its figures are rounded anyhow"
)]
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "used by the benchmarks alone; what is not plain by its name has a comment"
)]

pub mod bare_handler;
pub mod findings;
pub mod generator;
pub mod hall;
pub mod http;
pub mod load;
pub mod pgbench;
pub mod process;
pub mod report;
pub mod room;
