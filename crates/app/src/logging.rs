//! Log lines, on standard error: JSON where standard output is no terminal.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::SettingsError;

/// Begins to write what passes `filter`.
pub(crate) fn start(filter: &str) -> Result<(), SettingsError> {
    let wrong = |problem: String| SettingsError::Wrong { setting: "ENCORE_LOG".to_owned(), problem };
    let filter = EnvFilter::try_new(filter).map_err(|error| wrong(error.to_string()))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = if io::stdout().is_terminal() { lines.try_init() } else { lines.json().try_init() };
    started.map_err(|error| wrong(error.to_string()))
}
