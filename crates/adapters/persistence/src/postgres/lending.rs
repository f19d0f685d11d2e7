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
    managed::{Manager, Metrics, Object, Pool, RecycleError, RecycleResult},
};
use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection, TransactionManager};
use domain::storage::StorageError;
use tokio::{
    task::AbortHandle,
    time::{Instant, interval, timeout_at},
};
use tokio_postgres::{NoTls, Socket, tls::NoTlsStream};

use super::connect::{lively, settings};

/// How often it is looked whether a connection is overdue.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(100);

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool<Connector>,
    lent_for: Duration,
}

/// A connection that is lent, and given back when this is dropped; unless something is left open on it, as after a
/// panic: then it is thrown away, and the server ends what was open.
pub(super) struct Connection(Object<Connector>);

impl Connections {
    /// Makes a pool of at most `connections`, each lent for `lent_for` at most, the wait for it included. Nothing
    /// is connected yet.
    pub(super) fn new(url: &str, connections: usize, lent_for: Duration) -> Result<Self, StorageError> {
        let connector = Connector { url: lively(url), settings: settings(lent_for), lent_for };
        let pool = Pool::builder(connector).max_size(connections).runtime(Runtime::Tokio1).build();
        Ok(Self { pool: pool.map_err(StorageError::unexpected)?, lent_for })
    }

    /// Lends a connection, from now on.
    pub(super) async fn lend(&self) -> Result<Connection, StorageError> {
        let overdue = Instant::now() + self.lent_for;
        let connection = timeout_at(overdue, self.pool.get()).await.map_err(StorageError::unavailable)?;
        let connection = connection.map_err(StorageError::unavailable)?;
        connection.due.at(Some(overdue));
        Ok(Connection(connection))
    }
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.0.connection
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.0.connection
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.due.at(None);
        if std::thread::panicking() || self.0.has_something_open() {
            self.0.throw_away();
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
