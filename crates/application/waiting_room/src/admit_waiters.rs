//! Admitting those whose turn has come.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    waiting_room::{ADMITTED_TOGETHER_AT_MOST, WaitingRoom},
};

#[cfg(test)]
#[path = "admit_waiters_tests.rs"]
mod tests;

/// Ends turns that have run out and admits waiters: the scheduler's tick.
pub struct AdmitWaiters {
    room: Arc<dyn WaitingRoom>,
}

impl AdmitWaiters {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(room: Arc<dyn WaitingRoom>) -> Self {
        Self { room }
    }

    /// Admits as many as the room's policy allows, first come first, and tells how many: some at a time, until less
    /// than may enter together were left.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self) -> Result<u64, StorageError> {
        let mut admitted = 0;
        loop {
            let together = self.room.admit().await?;
            admitted += together;
            if together < ADMITTED_TOGETHER_AT_MOST {
                return Ok(admitted);
            }
        }
    }
}
