//! What of PostgreSQL's errors the business can know.

use diesel::result::{DatabaseErrorKind, Error};
use domain::{commit::Commit, storage::StorageError};

/// Turns an error into what a port may say.
///
/// Diesel tells broken rules by their kind; what is left is the server's state: time-outs, a shutdown, a full
/// disk, tables that are not migrated yet. All of that passes.
pub(super) fn storage_error(error: Error) -> StorageError {
    use DatabaseErrorKind::{
        ClosedConnection, ReadOnlyTransaction, SerializationFailure, UnableToSendCommand, Unknown,
    };

    match &error {
        Error::DatabaseError(
            ClosedConnection | ReadOnlyTransaction | SerializationFailure | UnableToSendCommand | Unknown,
            _,
        )
        | Error::BrokenTransactionManager => StorageError::unavailable(error),
        _ => StorageError::unexpected(error),
    }
}

/// Whether the constraint of this name fired.
pub(super) fn violates(error: &Error, constraint: &str) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.constraint_name() == Some(constraint))
}

/// Whether a unique constraint fired: what a decision was to add is there already.
fn is_there_already(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// What became of a decision: without a row, or with one that is there already, it was stale.
pub(super) fn commit<T>(result: Result<Option<T>, Error>) -> Result<Commit<T>, StorageError> {
    match result {
        Ok(Some(done)) => Ok(Commit::Committed(done)),
        Ok(None) => Ok(Commit::Stale),
        Err(error) if is_there_already(&error) => Ok(Commit::Stale),
        Err(error) => Err(storage_error(error)),
    }
}
