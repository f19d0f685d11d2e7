//! Stores that fail just when something is to be committed, and just after it was.
//!
//! What a test lets fail, fails for the whole process: so these tests are a binary of their own, and where they
//! share a process they wait for each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]
#![allow(clippy::needless_pass_by_value, reason = "a test owns its store, which is gone when it ends")]

mod around_commits;
mod attempts;
mod held_up;
mod refused_at_the_end;
mod served;
#[allow(dead_code, clippy::similar_names, clippy::unnecessary_wraps, reason = "made for the contract tests")]
#[path = "../contract/stage.rs"]
mod stage;
mod together;
mod world;
