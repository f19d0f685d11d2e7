//! Forgetting keys that have been kept long enough.

use std::sync::Arc;

use chrono::Duration;
use domain::{idempotency::IdempotencyRecords, storage::StorageError, time::Clock};

#[cfg(test)]
#[path = "forget_old_keys_tests.rs"]
mod tests;

/// For how long a key answers: a day.
pub const KEPT_FOR: Duration = Duration::hours(24);

/// Keys forgotten in one transaction: few enough that nobody waits long for it.
const AT_A_TIME: u32 = 500;

/// Forgets keys that are older than [`KEPT_FOR`].
pub struct ForgetOldKeys {
    clock: Arc<dyn Clock>,
    records: Arc<dyn IdempotencyRecords>,
}

impl ForgetOldKeys {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, records: Arc<dyn IdempotencyRecords>) -> Self {
        Self { clock, records }
    }

    /// Forgets every old key, and tells how many there were.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer; what was forgotten before stays forgotten.
    pub async fn handle(&self) -> Result<u64, StorageError> {
        let kept_since = self.clock.now() - KEPT_FOR;
        let mut forgotten = 0;
        loop {
            let batch = self.records.forget_before(kept_since, AT_A_TIME).await?;
            forgotten += batch;
            if batch < u64::from(AT_A_TIME) {
                return Ok(forgotten);
            }
        }
    }
}
