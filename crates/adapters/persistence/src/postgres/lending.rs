//! Connections, lent for a limited time.
//!
//! A server that is frozen, and a network that swallows what is sent, never answer and never fail. So each
//! connection is watched from outside, whatever is done on it: one that is not given back in time is cut, and
//! whoever waits for it is told at once. Whether the server has made what it was asked for last is not known then.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult},
};
use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection, TransactionManager};
use domain::storage::StorageError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
    time::{Instant, interval, timeout_at},
};
use tokio_postgres::{NoTls, Socket, tls::NoTlsStream};

use super::connect::{BY_INDEX, settings, usable};
use crate::limits::WAITING_AT_MOST;

/// How often it is looked whether a connection is overdue.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool<Connector>,
    /// Places for those who wait for a connection and those who have one.
    places: Arc<Semaphore>,
    lent_for: Duration,
}

/// A connection that is lent, and given back when this is dropped; unless something is left open on it, as after a
/// panic: then it is thrown away, and the server ends what was open.
pub(super) struct Connection {
    lent: Object<Connector>,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    /// Makes a pool of at most `connections`, each lent for `lent_for` at most, the wait for it included. Nothing
    /// is connected yet.
    pub(super) fn new(url: &str, connections: usize, lent_for: Duration) -> Result<Self, StorageError> {
        Self::with_settings(url, connections, lent_for, "")
    }

    /// The same, for statements that look up every row by its index: see [`BY_INDEX`].
    pub(super) fn by_index(url: &str, connections: usize, lent_for: Duration) -> Result<Self, StorageError> {
        Self::with_settings(url, connections, lent_for, BY_INDEX)
    }

    fn with_settings(
        url: &str,
        connections: usize,
        lent_for: Duration,
        more: &str,
    ) -> Result<Self, StorageError> {
        let settings = format!("{}; {more}", settings(lent_for));
        let connector = Connector { url: usable(url), settings, lent_for };
        // The one used last is the one that knows most statements.
        let pool = Pool::builder(connector).max_size(connections).queue_mode(QueueMode::Lifo);
        let pool = pool.runtime(Runtime::Tokio1).build();
        let places = Arc::new(Semaphore::new(connections + WAITING_AT_MOST));
        Ok(Self { pool: pool.map_err(StorageError::unexpected)?, places, lent_for })
    }

    /// Lends a connection, from now on. Where as many as may be wait for one already, nobody else does.
    pub(super) async fn lend(&self) -> Result<Connection, StorageError> {
        let busy = |_| StorageError::Overloaded("callers that wait for a connection");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(busy)?;
        let overdue = Instant::now() + self.lent_for;
        let connection = timeout_at(overdue, self.pool.get()).await.map_err(StorageError::unavailable)?;
        let lent = connection.map_err(StorageError::unavailable)?;
        lent.due.at(Some(overdue));
        Ok(Connection { lent, _place: place })
    }
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.lent.connection
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.lent.connection
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.lent.due.at(None);
        if std::thread::panicking() || self.lent.has_something_open() {
            self.lent.throw_away();
        }
    }
}

/// A connection, and the task that moves its bytes: with the task's end it is closed.
pub(super) struct Driven {
    connection: AsyncPgConnection,
    due: Arc<Due>,
    driver: AbortHandle,
    thrown_away: bool,
}

impl Driven {
    fn has_something_open(&mut self) -> bool {
        <AsyncPgConnection as AsyncConnection>::TransactionManager::is_broken_transaction_manager(
            &mut self.connection,
        )
    }

    fn throw_away(&mut self) {
        self.thrown_away = true;
        self.driver.abort();
    }
}

/// When a connection has to be given back, while it is lent.
#[derive(Default)]
struct Due(Mutex<Option<Instant>>);

impl Due {
    fn at(&self, due: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = due;
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|due| due <= Instant::now())
    }

    async fn over(&self) {
        let mut looked_at = interval(LOOKED_AT_EVERY);
        while !self.is_over() {
            looked_at.tick().await;
        }
    }
}

async fn drive(connection: tokio_postgres::Connection<Socket, NoTlsStream>, due: Arc<Due>) {
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection to the server has ended");
            }
        }
        () = due.over() => tracing::warn!("the server has not answered in time; the connection is cut"),
    }
}

/// Connects to the server.
pub(super) struct Connector {
    url: String,
    settings: String,
    lent_for: Duration,
}

impl Connector {
    async fn connect(&self) -> Result<Driven, ConnectionError> {
        let failed = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.map_err(failed)?;
        let due = Arc::new(Due::default());
        due.at(Some(Instant::now() + self.lent_for));
        let driver = tokio::spawn(drive(connection, Arc::clone(&due))).abort_handle();
        let mut connection = AsyncPgConnection::try_from(client).await?;
        let told = connection.batch_execute(&self.settings).await;
        told.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Driven { connection, due, driver, thrown_away: false })
    }
}

impl Manager for Connector {
    type Type = Driven;
    type Error = ConnectionError;

    async fn create(&self) -> Result<Driven, ConnectionError> {
        self.connect().await
    }

    /// A connection that has gone is told by its driver: no question is asked before it is used.
    async fn recycle(&self, driven: &mut Driven, _: &Metrics) -> RecycleResult<ConnectionError> {
        if driven.thrown_away || driven.driver.is_finished() || driven.has_something_open() {
            return Err(RecycleError::message("it is closed, or something is open on it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that takes connections and never says a word.
    async fn silent_server() -> (TcpListener, String) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://encore@{}/encore", server.local_addr().unwrap());
        (server, url)
    }

    #[tokio::test]
    async fn whoever_wants_a_connection_that_too_many_wait_for_is_refused_at_once() {
        let (_server, url) = silent_server().await;
        let connections = Connections::new(&url, 1, Duration::from_mins(1)).unwrap();
        let mut waiting = Box::pin(join_all((0..=WAITING_AT_MOST).map(|_| connections.lend())));
        assert!(poll_immediate(&mut waiting).await.is_none(), "expected all of these to wait");
        let refused = poll_immediate(connections.lend()).await.expect("an answer at once");
        assert!(matches!(refused, Err(StorageError::Overloaded(_))), "expected it to be refused");
        drop(waiting);
        assert!(poll_immediate(connections.lend()).await.is_none(), "expected to be let in again");
    }
}
