//! The waiting room's promises, asked of the database at every commit while a storm of fans, an operator and
//! `kill -9` are at work; and whether those who ask would notice if a promise were broken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "test code"
)]

mod fans;
mod faulty_rooms;
mod gates;
mod judging;
mod operator;
mod recording;
mod storm;
