//! What the operator sets for this adapter.

use std::{fmt, time::Duration};

/// The key that makes somebody the operator.
#[derive(Clone)]
pub struct AdminKey(String);

impl AdminKey {
    /// The key as it was configured.
    #[must_use]
    pub const fn new(key: String) -> Self {
        Self(key)
    }

    /// Whether `candidate` is the key, in a time that does not tell how much of it is right.
    pub(crate) fn is(&self, candidate: &str) -> bool {
        let (key, candidate) = (self.0.as_bytes(), candidate.as_bytes());
        // Every byte of the candidate is compared, with the key over and over where it is longer.
        let differences = candidate
            .iter()
            .zip(key.iter().cycle())
            .fold(0, |differences, (left, right)| differences | (left ^ right));
        std::hint::black_box(differences) == 0 && key.len() == candidate.len() && !key.is_empty()
    }
}

impl fmt::Debug for AdminKey {
    /// Keeps the key out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AdminKey(..)")
    }
}

/// The adapter's settings.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The operator's key; without one there are no operator's paths.
    pub admin_key: Option<AdminKey>,
    /// Whether `{userId}` is enough to join the queue, behind a gateway that has authenticated the caller.
    pub trusted_identity: bool,
    /// How many threads serve requests.
    pub workers: usize,
    /// The most connections of each of these threads.
    pub connections_a_worker: usize,
    /// How long a client may take to send the head of a request.
    pub request_timeout: Duration,
    /// How long a connection without requests is kept.
    pub keep_alive: Duration,
    /// How long a client may leave what was sent to it unread or unacknowledged; its connection ends then. Linux
    /// sees to it, other systems have times of their own.
    pub client_reads_within: Duration,
    /// The most requests that may be under way in the whole instance, of users and such as may need the store. One
    /// more is refused at once.
    pub requests_at_most: usize,
    /// The most streams of events of the whole instance.
    pub streams_at_most: usize,
    /// For how long a stream may be silent before a comment keeps it alive.
    pub stream_keep_alive: Duration,
    /// How long requests in flight are waited for when the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            admin_key: None,
            trusted_identity: false,
            workers: 1,
            connections_a_worker: 20_000,
            request_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_mins(1),
            client_reads_within: Duration::from_secs(30),
            requests_at_most: 512,
            streams_at_most: 20_000,
            stream_keep_alive: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(15),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_key_is_the_key() {
        let key = AdminKey::new("secret".into());
        assert!(key.is("secret"));
        for wrong in ["", "s", "secre", "secret!", "secretsecret", "Secret", "terces"] {
            assert!(!key.is(wrong), "{wrong}");
        }
        assert!(!AdminKey::new(String::new()).is(""));
    }

    #[test]
    fn a_key_is_not_written_by_debug() {
        let settings =
            HttpSettings { admin_key: Some(AdminKey::new("secret".into())), ..HttpSettings::default() };
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
