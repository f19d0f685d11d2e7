//! Changing the room's policy while it runs.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    waiting_room::{PolicyChange, RoomMemory, RoomPolicy, WaitingRoom},
};

#[cfg(test)]
#[path = "change_policy_tests.rs"]
mod tests;

/// Changes the room's policy for the operator.
pub struct ChangePolicy {
    room: Arc<dyn WaitingRoom>,
    memory: Arc<dyn RoomMemory>,
}

impl ChangePolicy {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(room: Arc<dyn WaitingRoom>, memory: Arc<dyn RoomMemory>) -> Self {
        Self { room, memory }
    }

    /// Changes what is to be changed, admits those whom the new policy has room for, and tells the whole
    /// policy.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the policy could not be changed.
    pub async fn handle(&self, change: PolicyChange) -> Result<RoomPolicy, StorageError> {
        let policy = self.room.change_policy(&change).await?;
        self.memory.catch_up().await;
        Ok(policy)
    }
}
