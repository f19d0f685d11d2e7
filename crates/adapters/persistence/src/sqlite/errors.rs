//! What of SQLite's errors the business can know.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use domain::storage::StorageError;

/// Turns an error into what a port may say. A full disk and a locked file pass; the rest is a fault of ours.
pub(super) fn storage_error(error: Error) -> StorageError {
    match &error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, _) => StorageError::unavailable(error),
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
