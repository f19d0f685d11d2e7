//! Telling the other instances that something has changed in the room.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::waiting_room::RoomNotices;
use futures_util::StreamExt;
use tokio::{sync::Notify, task::AbortHandle, time::timeout};

use super::{
    connect::usable,
    statement::{SqlText, Statement},
};
use crate::limits::ANSWERED_WITHIN;

/// How long to wait before a connection that has failed is made anew.
const PATIENCE: Duration = Duration::from_secs(1);

struct GiveNotice;

impl SqlText for GiveNotice {
    const SQL: &'static str = "SELECT pg_notify('encore_room', '')";
    type Columns = Text;
}

/// Tells every instance, when this transaction commits; one notice a transaction.
pub(super) async fn notify(connection: &AsyncPgConnection) -> Result<(), diesel::result::Error> {
    Statement::<GiveNotice>::new(Vec::new()).execute(&mut &*connection).await.map(|_| ())
}

/// Listens on a connection of its own, from the first question on.
pub(super) struct Listener {
    url: String,
    heard: Arc<Notify>,
    listening: OnceLock<AbortHandle>,
}

impl Listener {
    pub(super) fn new(url: String) -> Self {
        Self { url, heard: Arc::default(), listening: OnceLock::new() }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

async fn go_on_listening(url: String, heard: Arc<Notify>) {
    loop {
        if let Err(error) = listen(&url, &heard).await {
            tracing::debug!(%error, "notices of the waiting room are not heard");
        }
        tokio::time::sleep(PATIENCE).await;
    }
}

/// Listens until the connection fails.
async fn listen(url: &str, heard: &Notify) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut connection = timeout(ANSWERED_WITHIN, begin_to_listen(url)).await??;
    let mut notices = std::pin::pin!(connection.notifications_stream());
    while let Some(notice) = notices.next().await {
        notice?;
        heard.notify_one();
    }
    Ok(())
}

async fn begin_to_listen(url: &str) -> Result<AsyncPgConnection, Box<dyn Error + Send + Sync>> {
    let mut connection = AsyncPgConnection::establish(&usable(url)).await?;
    connection.batch_execute("LISTEN encore_room").await?;
    Ok(connection)
}

#[async_trait]
impl RoomNotices for Listener {
    async fn next(&self) {
        self.listening.get_or_init(|| {
            tokio::spawn(go_on_listening(self.url.clone(), Arc::clone(&self.heard))).abort_handle()
        });
        self.heard.notified().await;
    }
}
