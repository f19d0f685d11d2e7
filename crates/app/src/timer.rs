//! How time passes.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::time::Timer;

/// Time since the start, by the machine's clock that nobody sets.
pub(crate) struct ProcessTimer(Instant);

impl ProcessTimer {
    /// A timer that begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Timer for ProcessTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
