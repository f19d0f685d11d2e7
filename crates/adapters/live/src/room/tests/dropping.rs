//! The end of a room.

use std::sync::Arc;

use super::stage::{Stage, seconds};

#[tokio::test(start_paused = true)]
async fn nobody_follows_the_store_for_a_room_that_is_not_used() {
    let stage = Stage::new(|store| {
        store.admits = false;
        store.join();
    })
    .await;
    assert!(!stage.store.calls_during(seconds(3)).await.is_empty());
    let Stage { room, store } = stage;
    drop(room);
    assert_eq!(store.calls_during(seconds(30)).await, []);
    assert_eq!(Arc::strong_count(&store), 1, "expected nobody else to know the store any more");
}
