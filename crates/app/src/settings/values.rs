//! Texts turned into checked values.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use adapter_credentials::TokenSecret;
use adapter_http::AdminKey;
use chrono::Duration;
use domain::waiting_room::{AdmissionStrategy, Bounded, RoomPolicy, policy_seconds};

use super::{SchedulerPlace, SettingsError, layers::Layers};

const STRATEGIES: &[(&str, AdmissionStrategy)] = &[
    ("MAX_ACTIVE", AdmissionStrategy::MaxActive),
    ("FIXED_RATE", AdmissionStrategy::FixedRate),
    ("BOTH", AdmissionStrategy::Both),
];

/// What a strategy is called in a setting.
pub(super) fn strategy_word(strategy: AdmissionStrategy) -> &'static str {
    STRATEGIES.iter().find(|(_, known)| *known == strategy).map_or("", |(word, _)| word)
}

impl Layers {
    /// A setting that must be there.
    pub(super) fn text(&self, key: &str) -> Result<&str, SettingsError> {
        self.get(key).ok_or_else(|| SettingsError::wrong(key, "must be set"))
    }

    /// A setting of a type that can be read from a text.
    pub(super) fn parsed<T>(&self, key: &str) -> Result<T, SettingsError>
    where
        T: FromStr<Err: Display>,
    {
        let problem = |error: T::Err| SettingsError::wrong(key, format!("can not be used: {error}"));
        self.text(key)?.parse().map_err(problem)
    }

    /// A number within bounds.
    pub(super) fn number(&self, key: &str, bounds: RangeInclusive<u64>) -> Result<u64, SettingsError> {
        let number = self.text(key)?.parse().ok().filter(|number| bounds.contains(number));
        let problem = || format!("must be a number within {} to {}", bounds.start(), bounds.end());
        number.ok_or_else(|| SettingsError::wrong(key, problem()))
    }

    /// A number of things within bounds.
    pub(super) fn count(&self, key: &str, bounds: RangeInclusive<u64>) -> Result<usize, SettingsError> {
        usize::try_from(self.number(key, bounds)?)
            .map_err(|error| SettingsError::wrong(key, error.to_string()))
    }

    /// A duration of 1 second to a day.
    pub(super) fn seconds(&self, key: &str) -> Result<Duration, SettingsError> {
        let seconds = self.parsed(key)?;
        policy_seconds(seconds).map_err(|error| SettingsError::wrong(key, error.to_string()))
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<T, SettingsError> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let known = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| SettingsError::wrong(key, format!("must be one of: {}", known())))
    }

    /// The operator's key, if there is one.
    pub(super) fn admin_key(&self) -> Result<Option<AdminKey>, SettingsError> {
        let Some(key) = self.get("admin_key") else { return Ok(None) };
        if key.chars().any(|character| !character.is_ascii_graphic()) {
            return Err(SettingsError::wrong("admin_key", "must have visible ASCII characters only"));
        }
        Ok(Some(AdminKey::new(key.to_owned())))
    }

    /// The secret that signs tokens, if there is one.
    pub(super) fn token_secret(&self) -> Result<Option<TokenSecret>, SettingsError> {
        let secret = self.get("token_secret").map(|secret| TokenSecret::new(secret.to_owned()));
        secret.transpose().map_err(|error| SettingsError::wrong("token_secret", error.to_string()))
    }

    /// Who runs the jobs, if it was said.
    pub(super) fn scheduler(&self) -> Result<Option<SchedulerPlace>, SettingsError> {
        if self.get("scheduler").is_none() {
            return Ok(None);
        }
        let words = [("inside", SchedulerPlace::Inside), ("outside", SchedulerPlace::Outside)];
        self.one_of("scheduler", &words).map(Some)
    }

    /// The waiting room's policy on the first start.
    pub(super) fn room_policy(&self) -> Result<RoomPolicy, SettingsError> {
        Ok(RoomPolicy {
            strategy: self.one_of("queue_strategy", STRATEGIES)?,
            max_active: self.people("queue_max_active")?,
            admit_count: self.people("queue_admit_count")?,
            interval: self.seconds("queue_interval_seconds")?,
            session: self.seconds("queue_session_seconds")?,
            claim: self.seconds("queue_claim_seconds")?,
            ..RoomPolicy::default()
        })
    }

    fn people(&self, key: &str) -> Result<Bounded, SettingsError> {
        let number = self.parsed(key)?;
        Bounded::new(number).map_err(|error| SettingsError::wrong(key, error.to_string()))
    }
}
