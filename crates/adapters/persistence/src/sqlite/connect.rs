//! Connections to the file, and its migrations.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use diesel::{
    Connection, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    result::Error,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::storage::StorageError;

use super::errors::{connection_error, storage_error};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/sqlite");

/// A commit is on the disk before it is acknowledged (`FULL`; on macOS with `fullfsync` only), and readers do not wait for
/// the writer (`WAL`). Who finds the file locked by another process is told before the caller has waited for too long.
/// Each connection remembers up to 8 MB of the file, so that finding a row does not cost more the more was ever sold. What
/// a change would be undone with is kept in memory: in a temporary file, as by default, it is written again for each change,
/// several times as much as the change itself.
const SETTINGS: &str = "PRAGMA busy_timeout = 2500; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                        PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON; \
                        PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

/// Opens the file, and makes it if there is none.
pub(super) fn open_connection(path: &Path) -> Result<SqliteConnection, StorageError> {
    let path = path.to_str().ok_or_else(|| StorageError::unavailable("the file's path is no text"))?;
    let mut connection = SqliteConnection::establish(path).map_err(connection_error)?;
    connection.batch_execute(SETTINGS).map_err(storage_error)?;
    Ok(connection)
}

/// A connection for one thread.
pub(super) struct OpenFile {
    path: PathBuf,
    connection: SqliteConnection,
}

impl OpenFile {
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        Ok(Self { path: path.to_owned(), connection: open_connection(path)? })
    }

    /// Runs a transaction; a panic in it is a failure of its own and not the thread's end.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when it fails, or the file can not be opened anew after one that was left open.
    pub(super) fn run<T>(
        &mut self,
        transaction: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>,
    ) -> Result<T, StorageError> {
        self.make_usable()?;
        let panicked = |_| StorageError::unexpected("a change or a question panicked");
        let outcome = catch_unwind(AssertUnwindSafe(|| transaction(&mut self.connection)));
        // What was left open is not to stay until the next. Whether that can be done is for the next to say.
        drop(self.make_usable());
        outcome.map_err(panicked)?.map_err(storage_error)
    }

    /// Opens the file anew where the connection is not between transactions: what a panic or a failed rollback has left
    /// open goes with it, and would answer as of then.
    fn make_usable(&mut self) -> Result<(), StorageError> {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        let is_usable = status.transaction_depth().is_ok_and(|depth| depth.is_none());
        if !is_usable {
            self.connection = open_connection(&self.path)?;
        }
        Ok(())
    }
}

/// Brings the file's tables up to date.
pub(super) fn migrate(path: &Path) -> Result<(), StorageError> {
    let mut connection = open_connection(path)?;
    connection.run_pending_migrations(MIGRATIONS).map_err(StorageError::unexpected)?;
    Ok(())
}

/// Whether the file's tables are up to date.
pub(super) fn is_migrated(connection: &mut SqliteConnection) -> Result<bool, StorageError> {
    let pending = connection.has_pending_migration(MIGRATIONS).map_err(StorageError::unexpected)?;
    Ok(!pending)
}
