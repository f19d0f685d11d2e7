//! Instants, the clock they come from, and time that passes.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// An instant in UTC, to the microsecond.
pub type Timestamp = DateTime<Utc>;

/// The one clock of a use case: asked once, and what it says is passed down.
///
/// Contract: an answer MUST have no fraction finer than a microsecond, since the stores keep no more, and
/// MUST come from a source that all instances on one store agree on.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Time as it passes, whatever becomes of clocks: for what lasts a moment, and is agreed upon by nobody but this process.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Timer: Send + Sync {
    /// How long it is since some instant that stays the same. MUST NOT go back.
    fn elapsed(&self) -> Duration;

    /// Waits for at least this long.
    async fn wait(&self, time: Duration);
}
