//! Instants, and the clock they come from.

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
