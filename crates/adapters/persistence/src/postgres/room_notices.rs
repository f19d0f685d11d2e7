//! Telling the other instances that something has changed in the room.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use diesel::{dsl::sql, sql_types::Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::waiting_room::RoomNotices;
use futures_util::StreamExt;
use tokio::sync::Notify;

/// How long to wait before a connection that has failed is made anew.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells every instance, when this transaction commits; one notice a transaction.
pub(super) async fn notify(connection: &AsyncPgConnection) -> Result<(), diesel::result::Error> {
    diesel::select(sql::<Text>("pg_notify('encore_room', '')::text"))
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

/// Listens on a connection of its own.
pub(super) struct Listener {
    heard: Arc<Notify>,
}

impl Listener {
    /// Goes on listening for as long as the listener is in use.
    pub(super) fn start(url: String) -> Self {
        let heard = Arc::new(Notify::new());
        tokio::spawn({
            let heard = Arc::downgrade(&heard);
            async move {
                while let Some(heard) = heard.upgrade() {
                    if let Err(error) = listen(&url, &heard).await {
                        tracing::debug!(%error, "notices of the waiting room are not heard");
                    }
                    drop(heard);
                    tokio::time::sleep(PATIENCE).await;
                }
            }
        });
        Self { heard }
    }
}

/// Listens until the connection fails.
async fn listen(url: &str, heard: &Notify) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.batch_execute("LISTEN encore_room").await?;
    let mut notices = std::pin::pin!(connection.notifications_stream());
    while let Some(notice) = notices.next().await {
        notice?;
        heard.notify_one();
    }
    Ok(())
}

#[async_trait]
impl RoomNotices for Listener {
    async fn next(&self) {
        self.heard.notified().await;
    }
}
