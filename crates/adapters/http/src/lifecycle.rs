//! Whether the service is ready, and whether it is about to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use domain::storage::StorageError;

/// Tells whether requests can be served.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Nothing, when the store is reached and its schema is as it has to be; otherwise why not.
    async fn ready(&self) -> Result<(), StorageError>;
}

/// Whether the service is about to stop. Once it is, `/readyz` says so, and every answer asks the client to
/// take its next request elsewhere, so that kept connections end however busy they are.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// The service is about to stop. There is no way back.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to stop.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
