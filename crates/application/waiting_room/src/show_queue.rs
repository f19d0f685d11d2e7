//! Showing the operator how the room is doing.

use std::sync::Arc;

use domain::{
    storage::StorageError,
    waiting_room::{RoomOverview, WaitingRoom},
};

#[cfg(test)]
#[path = "show_queue_tests.rs"]
mod tests;

/// Shows the queue to the operator.
pub struct ShowQueue {
    room: Arc<dyn WaitingRoom>,
}

impl ShowQueue {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(room: Arc<dyn WaitingRoom>) -> Self {
        Self { room }
    }

    /// The policy in force and the numbers of people.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self) -> Result<RoomOverview, StorageError> {
        self.room.overview().await
    }
}
