//! What of SQLite's errors the business can know.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use domain::storage::StorageError;

/// Turns an error into what a port may say. A full disk and a locked file pass, and so does a connection that
/// has to be opened anew; the rest is a fault of ours.
pub(super) fn storage_error(error: Error) -> StorageError {
    match &error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, _) | Error::BrokenTransactionManager => {
            StorageError::unavailable(error)
        }
        _ => StorageError::unexpected(error),
    }
}

/// The file could not be opened.
pub(super) fn connection_error(error: ConnectionError) -> StorageError {
    StorageError::unavailable(error)
}

/// Whether a unique constraint on this column fired.
pub(super) fn is_unique_violation(error: &Error, column: &str) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) if info.message().contains(column))
}

/// Whether what a decision was to add is there already, because the same request, or another for the same
/// reservation, was faster. Any other constraint that fires is a fault of ours.
pub(super) fn was_overtaken(error: &Error) -> bool {
    ["idempotency_records.key", "payments.reservation_id"]
        .iter()
        .any(|column| is_unique_violation(error, column))
}
