//! Small turns between what the stores and the domain say.

use diesel::result::Error;
use domain::{storage::StorageError, time::Timestamp};

use crate::sql_types::StoredMoment;

pub(crate) fn moment(instant: Timestamp) -> StoredMoment {
    StoredMoment(instant)
}

/// Lets a row that breaks a rule of the domain pass through a database call as its error.
pub(crate) fn row_error(error: StorageError) -> Error {
    Error::DeserializationError(Box::new(error))
}

/// Reads a number that counts rows.
pub(crate) fn count(rows: i64) -> Result<u64, Error> {
    u64::try_from(rows).map_err(|error| Error::DeserializationError(Box::new(error)))
}
