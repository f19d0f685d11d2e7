//! What connections are told, and the migrations.

use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::storage::StorageError;

use super::errors::storage_error;
use crate::limits::TOLD_BEFORE;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../../migrations/postgres");

/// What the promises rest on is not left to how the server is configured: the statements are written for this
/// isolation, and a commit is durable before it is acknowledged.
const SETTINGS: &str = "SET TimeZone = 'UTC'; SET default_transaction_isolation = 'read committed'; \
                        SELECT set_config('synchronous_commit', 'on', false) \
                        WHERE current_setting('synchronous_commit') = 'off'";

/// What a session is told that is used for `lent_for` at a time. A statement, a wait for a lock, and a transaction
/// that nobody goes on with all end by themselves, so that a fault of one caller does not become everybody's; and
/// they end before the connection is cut, so that it is known what has become of them.
pub(super) fn settings(lent_for: Duration) -> String {
    let milliseconds = lent_for.saturating_sub(TOLD_BEFORE).as_millis();
    format!(
        "SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; \
         SET idle_in_transaction_session_timeout = {milliseconds}; {SETTINGS}"
    )
}

/// For statements that a crowd depends on, and that look up rows by index. They are planned once, for tables of any
/// size: a plan that was made while a table was empty would otherwise be kept while it fills, and read all of it
/// each time.
pub(super) const BY_INDEX: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                                   SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

/// Takes it back for a transaction that reads a whole table.
pub(super) const WHOLE_TABLES: &str = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on";

/// Whoever migrates holds this lock, so that several can try at once. An arbitrary number of ours.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(3623190817)";

/// A connection whose other end has vanished is noticed within seconds, not within the hours that TCP takes.
const LIVELINESS: &str =
    "keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_retries=3&tcp_user_timeout=10";

/// A server that only reads, as after a failover the one that was the primary before, is none to connect to.
const WRITABLE: &str = "target_session_attrs=read-write";

/// The address, with what keeps a connection from being dead unnoticed or of no use, where it does not say so itself.
pub(super) fn usable(url: &str) -> String {
    let is_lively = url.contains("tcp_user_timeout=") || url.contains("keepalives");
    let is_writable = url.contains("target_session_attrs=");
    let added = [(is_lively, LIVELINESS), (is_writable, WRITABLE)].into_iter();
    added.filter(|(is_said, _)| !is_said).fold(url.to_owned(), |url, (_, parameters)| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{parameters}")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_completed_where_it_does_not_say_itself() {
        let completed = usable("postgres://encore@db/encore");
        assert_eq!(completed, format!("postgres://encore@db/encore?{LIVELINESS}&{WRITABLE}"));
        let said = "postgres://encore@db/encore?keepalives=0&target_session_attrs=any";
        assert_eq!(usable(said), said);
        let half = "postgres://encore@db/encore?target_session_attrs=any";
        assert_eq!(usable(half), format!("{half}&{LIVELINESS}"));
    }
}
