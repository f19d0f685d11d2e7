//! How long anybody is kept waiting for a store.

use std::time::Duration;

use domain::storage::StorageError;
use tokio::sync::mpsc::error::TrySendError;

/// How long a store may take over one question or change of a caller's, at most: whatever it has not answered by
/// then is [`StorageError::Unavailable`](domain::storage::StorageError::Unavailable). A change may have been made
/// all the same; whoever asks again with the same key is told.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(4);

/// Changes or questions that may wait in one line for the store, whoever asked for them; one more is refused rather
/// than kept waiting for longer than anybody would. Requests are refused before there are as many: this bounds what
/// goes on without its caller, and what is asked for beside requests.
pub(crate) const WAITING_AT_MOST: usize = 1_024;

/// Why `line` took nobody else in: it is full, or nobody serves it any more.
pub(crate) fn refusal<T>(refused: &TrySendError<T>, line: &'static str) -> StorageError {
    match refused {
        TrySendError::Full(_) => StorageError::Overloaded(line),
        TrySendError::Closed(_) => StorageError::unavailable("the store is closed"),
    }
}

/// How much earlier the store itself gives up, so that its answer comes in time.
pub(crate) const TOLD_BEFORE: Duration = Duration::from_millis(500);
