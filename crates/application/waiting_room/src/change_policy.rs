//! Changing the room's policy while it runs.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    waiting_room::{PolicyChange, RoomPolicy, WaitingRoom},
};

use crate::admission::admit_at_once;

#[cfg(test)]
#[path = "change_policy_tests.rs"]
mod tests;

/// Changes the room's policy for the operator.
pub struct ChangePolicy {
    room: Arc<dyn WaitingRoom>,
}

impl ChangePolicy {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(room: Arc<dyn WaitingRoom>) -> Self {
        Self { room }
    }

    /// Changes what is to be changed, admits those whom the new policy has room for, and tells the whole
    /// policy.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the policy could not be changed. That nobody could be admitted is no error: the
    /// policy is in force.
    pub async fn handle(&self, change: PolicyChange) -> Result<RoomPolicy, StorageError> {
        let policy = self.room.change_policy(&change).await?;
        admit_at_once(self.room.as_ref()).await;
        Ok(policy)
    }
}
