//! Noting which holds have run out.

use std::sync::Arc;

use domain::{reservation::SeatInventory, storage::StorageError};

#[cfg(test)]
#[path = "tidy_run_out_holds_tests.rs"]
mod tests;

/// Holds noted in one transaction: few enough that nobody waits long for it.
const AT_A_TIME: u32 = 500;

/// Tidies up after holds that have run out. Nothing depends on it: they do not count anyway.
pub struct TidyRunOutHolds {
    inventory: Arc<dyn SeatInventory>,
}

impl TidyRunOutHolds {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(inventory: Arc<dyn SeatInventory>) -> Self {
        Self { inventory }
    }

    /// Notes every hold that has run out, and tells how many there were.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer; what was noted before stays noted.
    pub async fn handle(&self) -> Result<u64, StorageError> {
        let mut tidied = 0;
        loop {
            let batch = self.inventory.tidy_run_out_holds(AT_A_TIME).await?;
            tidied += batch;
            if batch < u64::from(AT_A_TIME) {
                return Ok(tidied);
            }
        }
    }
}
