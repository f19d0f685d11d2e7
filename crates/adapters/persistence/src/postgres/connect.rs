//! The pool of connections, and the migrations.

use std::time::Duration;

use deadpool::{Runtime, managed::Timeouts};
use diesel::ConnectionError;
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool},
    },
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::storage::StorageError;
use futures_util::FutureExt;

use super::errors::storage_error;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/postgres");

/// A statement, a wait for a lock, and a transaction that nobody goes on with all end by themselves, so that
/// a fault of one caller does not become everybody's. What the promises rest on is not left to how the server
/// is configured: the statements are written for this isolation, and a commit is durable before it is
/// acknowledged.
const SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                        SET idle_in_transaction_session_timeout = '10s'; SET TimeZone = 'UTC'; \
                        SET default_transaction_isolation = 'read committed'; \
                        SELECT set_config('synchronous_commit', 'on', false) \
                        WHERE current_setting('synchronous_commit') = 'off'";

/// Whoever migrates holds this lock, so that several can try at once. An arbitrary number of ours.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(3623190817)";

/// A connection whose other end has vanished is noticed within seconds, not within the hours that TCP takes.
const LIVELINESS: &str =
    "keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_retries=3&tcp_user_timeout=10";

/// How long a caller waits for a connection, and a connection for the server.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) type Connection = Object<AsyncPgConnection>;

/// Makes a pool of at most `connections`. Nothing is connected yet.
pub(super) fn pool(url: &str, connections: usize) -> Result<Pool<AsyncPgConnection>, StorageError> {
    let mut config = ManagerConfig::default();
    // A connection that has gone is told by its socket: no question is asked before it is used.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(|url| connect(url.to_owned()).boxed());
    let manager = AsyncDieselConnectionManager::new_with_config(lively(url), config);
    Pool::builder(manager)
        .max_size(connections)
        .timeouts(Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(StorageError::unexpected)
}

/// The address, with what keeps a connection from being dead unnoticed, if it does not say so itself.
pub(super) fn lively(url: &str) -> String {
    if url.contains("tcp_user_timeout=") || url.contains("keepalives") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{LIVELINESS}")
}

async fn connect(url: String) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = AsyncPgConnection::establish(&url).await?;
    connection.batch_execute(SETTINGS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Brings the database's tables up to date, one after the other where several try. Needs a runtime with several
/// threads. The connection's end gives the lock back.
pub(super) async fn migrate(url: &str) -> Result<(), StorageError> {
    let mut connection = AsyncPgConnection::establish(url).await.map_err(StorageError::unavailable)?;
    connection.batch_execute(MIGRATION_LOCK).await.map_err(storage_error)?;
    let mut harness = AsyncMigrationHarness::new(connection);
    harness.run_pending_migrations(MIGRATIONS).map_err(StorageError::unexpected)?;
    Ok(())
}

/// The newest migration that these executables know.
pub(super) fn newest_migration() -> Result<String, StorageError> {
    use diesel::migration::{Migration, MigrationSource};

    let known: Vec<Box<dyn Migration<diesel::pg::Pg>>> =
        MIGRATIONS.migrations().map_err(StorageError::unexpected)?;
    let newest = known.iter().map(|migration| migration.name().version().to_string()).max();
    newest.ok_or_else(|| StorageError::unexpected("no migration is known"))
}
