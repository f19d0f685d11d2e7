//! Where ids come from.

use domain::ids::IdSource;
use uuid::Uuid;

/// Ids of version 7 (RFC 9562, section 5.7): unique, and close together in an index when made one after the
/// other.
pub(crate) struct TimeOrderedIds;

impl IdSource for TimeOrderedIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
