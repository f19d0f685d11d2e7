//! Idempotency keys on SQLite.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    idempotency::{IdempotencyKey, IdempotencyRecord, IdempotencyRecords, KeyedRequest, Operation},
    ids::UserId,
    storage::StorageError,
    time::Timestamp,
};
use uuid::Uuid;

use super::{SqliteStore, count, moment};
use crate::{
    fail_points::StoredChange,
    queries,
    rows::IdempotencyRow,
    schema::idempotency_records,
    sql_types::{StoredId, StoredMoment},
};

/// What is stored under a key.
pub(super) fn find_record(
    connection: &mut SqliteConnection,
    user: UserId,
    operation: Operation,
    key: Option<&IdempotencyKey>,
) -> Result<Option<IdempotencyRecord>, Error> {
    let Some(key) = key else { return Ok(None) };
    let row = queries::idempotency_record(StoredId(user.0), operation.as_str(), key.as_str())
        .select(IdempotencyRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(IdempotencyRecord::from))
}

/// Stores a key beside its effect. A key that is there already fails the change.
pub(super) fn store_record(
    connection: &mut SqliteConnection,
    user: UserId,
    operation: Operation,
    keyed: Option<&KeyedRequest>,
    result: Uuid,
    now: StoredMoment,
) -> Result<(), Error> {
    let Some(keyed) = keyed else { return Ok(()) };
    let row = IdempotencyRow {
        user_id: StoredId(user.0),
        operation: operation.as_str().to_owned(),
        key: keyed.key.as_str().to_owned(),
        fingerprint: keyed.fingerprint.0.clone(),
        result: StoredId(result),
        recorded_at: now,
    };
    diesel::insert_into(idempotency_records::table).values(row).execute(connection).map(|_| ())
}

#[async_trait]
impl IdempotencyRecords for SqliteStore {
    async fn forget_before(&self, instant: Timestamp, at_most: u32) -> Result<u64, StorageError> {
        let forget = move |connection: &mut SqliteConnection| {
            let old: Vec<(StoredId, String, String)> = idempotency_records::table
                .filter(idempotency_records::recorded_at.lt(moment(instant)))
                .select((
                    idempotency_records::user_id,
                    idempotency_records::operation,
                    idempotency_records::key,
                ))
                .limit(i64::from(at_most))
                .load(connection)?;
            for (user, operation, key) in &old {
                diesel::delete(idempotency_records::table.find((*user, operation, key)))
                    .execute(connection)?;
            }
            count(i64::try_from(old.len()).unwrap_or(i64::MAX))
        };
        self.writer.write(StoredChange::ForgetKeys, forget).await
    }
}
