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

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/postgres");

/// A statement, a wait for a lock, and a transaction that nobody goes on with all end by themselves, so that
/// a fault of one caller does not become everybody's.
const SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                        SET idle_in_transaction_session_timeout = '10s'; SET TimeZone = 'UTC'";

/// How long a caller waits for a connection, and a connection for the server.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) type Connection = Object<AsyncPgConnection>;

/// Makes a pool of at most `connections`. Nothing is connected yet.
pub(super) fn pool(url: &str, connections: usize) -> Result<Pool<AsyncPgConnection>, StorageError> {
    let mut config = ManagerConfig::default();
    // A connection that has gone is told by its socket: no question is asked before it is used.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(|url| connect(url.to_owned()).boxed());
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(connections)
        .timeouts(Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(StorageError::unexpected)
}

async fn connect(url: String) -> Result<AsyncPgConnection, ConnectionError> {
    let mut connection = AsyncPgConnection::establish(&url).await?;
    connection.batch_execute(SETTINGS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Brings the database's tables up to date. Needs a runtime with several threads.
pub(super) async fn migrate(url: &str) -> Result<(), StorageError> {
    let connection = AsyncPgConnection::establish(url).await.map_err(StorageError::unavailable)?;
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
