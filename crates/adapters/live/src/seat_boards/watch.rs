//! One who watches a board.

use std::sync::Arc;

use async_trait::async_trait;
use domain::catalog::{NobodyFollows, SeatMap, SeatWatch};
use tokio::sync::watch;

/// Watches the board of a schedule, which is there for as long as somebody does.
pub(super) struct BoardWatch(pub(super) watch::Receiver<Arc<SeatMap>>);

#[async_trait]
impl SeatWatch for BoardWatch {
    fn seats(&self) -> Arc<SeatMap> {
        Arc::clone(&self.0.borrow())
    }

    async fn changed(&mut self) -> Result<(), NobodyFollows> {
        self.0.changed().await.map_err(|_| NobodyFollows)
    }
}
