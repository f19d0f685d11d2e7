//! Everything put together: the settings, the wiring, and what the executables do.

pub mod commands;
mod demo;
mod id_source;
mod logging;
mod serve;
pub mod settings;
mod sqlite_lock;
mod timer;
mod token_secret;
pub mod use_cases;
