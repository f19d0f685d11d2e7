//! What can be wrong with the settings.

/// A setting that can not be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value out of bounds, or no value of its kind.
    #[error("{setting} {problem}")]
    Wrong {
        /// The setting, as it is called in the environment.
        setting: String,
        /// What is wrong with it. Never repeats a secret.
        problem: String,
    },
    /// The file could not be read.
    #[error("the configuration file can not be read: {0}")]
    File(String),
}

impl SettingsError {
    pub(super) fn wrong(key: &str, problem: impl Into<String>) -> Self {
        Self::Wrong { setting: super::layers::name(key), problem: problem.into() }
    }
}
