//! The checker itself.

mod histories;
mod story;
mod told;
