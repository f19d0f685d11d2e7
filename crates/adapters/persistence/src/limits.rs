//! How long anybody is kept waiting for a store.

use std::time::Duration;

/// How long a store may take over one question or change of a caller's, at most: whatever it has not answered by
/// then is [`StorageError::Unavailable`](domain::storage::StorageError::Unavailable). A change may have been made
/// all the same; whoever asks again with the same key is told.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(4);

/// How much earlier the store itself gives up, so that its answer comes in time.
pub(crate) const TOLD_BEFORE: Duration = Duration::from_millis(500);
