//! Log lines, on standard error: JSON where standard output is no terminal.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::SettingsError;

/// What actix says of a request that is none is an error to it, and to us somebody's noise.
const NOISE: &str = "actix_http";

/// Begins to write what passes `filter`.
pub(crate) fn start(filter: &str) -> Result<(), SettingsError> {
    let wrong = |problem: String| SettingsError::Wrong { setting: "ENCORE_LOG".to_owned(), problem };
    let quiet = if filter.contains(NOISE) { filter.to_owned() } else { format!("{filter},{NOISE}=off") };
    let filter = EnvFilter::try_new(quiet).map_err(|error| wrong(error.to_string()))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stdout().is_terminal() { lines.try_init() } else { lines.json().try_init() };
    started.map_err(|error| wrong(error.to_string()))
}
