//! A storm on the service as it ships: fans, an operator and faults on several instances at once, every call noted, and
//! a judge that shares nothing with the service and tells what should not have been.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a test that can not go on says why and ends"
)]
#![allow(clippy::missing_panics_doc, reason = "a test that panics says what was expected")]

pub mod directory;
pub mod fans;
pub mod faults;
pub mod history;
pub mod judge;
pub mod operator;
pub mod run;
pub mod settings;
pub mod stage;
pub mod store;
pub mod summary;
pub mod wire;
mod wrong_clock;
