//! Where settings come from: each layer wins over the one before.

use std::{collections::BTreeMap, env};

use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
};
use serde::Deserialize;

use super::SettingsError;

/// The defaults, where there is one.
const DEFAULTS: &[(&str, &str)] = &[
    ("database_url", "sqlite://./data/encore.db"),
    ("database_connections", "16"),
    ("listen", "127.0.0.1:8080"),
    ("identity", "password"),
    ("hold_seconds", "300"),
    ("queue_strategy", "MAX_ACTIVE"),
    ("queue_max_active", "100"),
    ("queue_admit_count", "100"),
    ("queue_interval_seconds", "10"),
    ("queue_session_seconds", "600"),
    ("queue_claim_seconds", "60"),
    ("rate_limits", "on"),
    ("log", "info"),
    ("requests_at_most", "512"),
    ("shutdown_delay_seconds", "0"),
];

/// Settings without a default.
const OPTIONAL: &[&str] = &["admin_key", "token_secret", "scheduler", "workers"];

/// A setting as it is called in the environment.
pub(super) fn name(key: &str) -> String {
    match key {
        "database_url" => "DATABASE_URL".to_owned(),
        key => format!("ENCORE_{}", key.to_uppercase()),
    }
}

/// A value as a file may write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// The settings, layered and not yet checked.
pub(super) struct Layers(BTreeMap<String, String>);

impl Layers {
    /// Reads every layer.
    pub(super) fn read() -> Result<Self, SettingsError> {
        let file = env::var("ENCORE_CONFIG").ok();
        Self::of(file.as_deref(), |setting| env::var(setting).ok())
    }

    /// Layers of the defaults, a file, and an environment.
    pub(super) fn of(
        file: Option<&str>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).to_string();
        let defaults: BTreeMap<_, _> =
            DEFAULTS.iter().copied().chain([("workers", workers.as_str())]).collect();
        // A file that was named must be there; the one that is looked for need not be.
        let toml = file.map_or_else(|| Toml::file("encore.toml"), Toml::file_exact);
        if let Some(file) = file.filter(|file| !std::path::Path::new(file).is_file()) {
            return Err(SettingsError::File(format!("there is no {file}")));
        }
        let known = || DEFAULTS.iter().map(|(key, _)| *key).chain(OPTIONAL.iter().copied());
        // The environment is read as texts: a secret of digits is no number.
        let from_environment: BTreeMap<_, _> =
            known().filter_map(|key| Some((key, environment(&name(key))?))).collect();
        let layered = Figment::from(Serialized::defaults(defaults))
            .merge(toml)
            .merge(Serialized::globals(from_environment))
            .extract::<BTreeMap<String, Scalar>>()
            .map_err(|error| SettingsError::File(error.to_string()))?;
        if let Some(unknown) = layered.keys().find(|key| !known().any(|known| known == key.as_str())) {
            return Err(SettingsError::File(format!("it has an unknown setting: {unknown}")));
        }
        Ok(Self(layered.into_iter().map(|(key, value)| (key, value.into_text())).collect()))
    }

    /// A setting's text, if it has any.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }
}
