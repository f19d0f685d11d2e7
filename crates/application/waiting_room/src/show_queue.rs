//! Showing the operator how the room is doing.

use std::sync::Arc;

use domain::waiting_room::{RoomMemory, RoomOverview};

#[cfg(test)]
#[path = "show_queue_tests.rs"]
mod tests;

/// Shows the queue to the operator.
pub struct ShowQueue {
    memory: Arc<dyn RoomMemory>,
}

impl ShowQueue {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(memory: Arc<dyn RoomMemory>) -> Self {
        Self { memory }
    }

    /// The policy in force and the numbers of people, as they are now; or, while the store is away, as they
    /// were: see [`RoomOverview::age`].
    pub async fn handle(&self) -> RoomOverview {
        self.memory.catch_up().await;
        self.memory.overview()
    }
}
