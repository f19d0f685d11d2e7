//! Whether the service is ready, and whether it is about to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use domain::storage::StorageError;
use tokio::sync::Notify;

/// Tells whether requests can be served.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Nothing, when the store is reached and its schema is as it has to be; otherwise why not.
    async fn ready(&self) -> Result<(), StorageError>;
}

/// Whether the service is about to stop. Once it is, `/readyz` says so, open streams end, and every answer asks
/// the client to take its next request elsewhere, so that kept connections end however busy they are.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<Begun>);

#[derive(Debug, Default)]
struct Begun {
    has_begun: AtomicBool,
    waiting: Notify,
}

impl Draining {
    /// The service is about to stop. There is no way back.
    pub fn begin(&self) {
        self.0.has_begun.store(true, Ordering::SeqCst);
        self.0.waiting.notify_waiters();
    }

    /// Whether the service is about to stop.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::Relaxed)
    }

    /// Waits until the service is about to stop.
    pub(crate) async fn begun(&self) {
        // Counts as waiting from here on, so that a beginning between the question and the wait is not missed.
        let begun = self.0.waiting.notified();
        if !self.0.has_begun.load(Ordering::SeqCst) {
            begun.await;
        }
    }
}
