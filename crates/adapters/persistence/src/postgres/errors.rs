//! What of PostgreSQL's errors the business can know.

use diesel::result::{DatabaseErrorKind, Error};
use domain::{commit::Commit, storage::StorageError};

/// Turns an error into what a port may say.
///
/// Diesel tells broken rules by their kind. What it has no kind for is mostly the server's state (a time-out, a
/// shutdown, a full disk) and passes; a fault of ours among it is told apart by the logged cause only.
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

/// Whether what a decision was to add is there already, because the same request, or another for the same
/// reservation, was faster. Any other constraint that fires is a fault of ours.
fn was_overtaken(error: &Error) -> bool {
    ["idempotency_records_once", "payments_one_a_reservation"].iter().any(|name| violates(error, name))
}

/// What became of a decision: without a row, or with one that is there already, it was stale.
pub(super) fn commit<T>(result: Result<Option<T>, Error>) -> Result<Commit<T>, StorageError> {
    match result {
        Ok(Some(done)) => Ok(Commit::Committed(done)),
        Ok(None) => Ok(Commit::Stale),
        Err(error) if was_overtaken(&error) => Ok(Commit::Stale),
        Err(error) => Err(storage_error(error)),
    }
}
