//! What a store may add to the business's own reasons for a refusal.

use std::{error::Error, sync::Arc};

/// A store could not answer. Whether it has made the change that it was asked for is not known, unless it was
/// overloaded: asked for again with the same key, it is made once.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// The store is away or full, or has not answered in time: the same call may succeed later.
    #[error("the store is not available")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
    /// As many wait in this line as may. Nothing has happened, and the same call may succeed later.
    #[error("too much is asked at a time: {0}")]
    Overloaded(&'static str),
    /// The store refused in a way that no rule foresees: a fault of ours.
    #[error("the store failed unexpectedly")]
    Unexpected(#[source] Arc<dyn Error + Send + Sync>),
}

impl StorageError {
    /// The store is away, because of `source`.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(source.into()))
    }

    /// The store failed in a way no rule foresees, because of `source`.
    pub fn unexpected(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unexpected(Arc::from(source.into()))
    }
}
