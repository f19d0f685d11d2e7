//! Idempotency keys on PostgreSQL.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    idempotency::{IdempotencyKey, IdempotencyRecord, IdempotencyRecords, KeyedRequest, Operation},
    ids::UserId,
    storage::StorageError,
    time::Timestamp,
};

use super::{
    PostgresStore, committing_row, count,
    errors::storage_error,
    moment,
    statement::{SqlText, Statement, values},
};
use crate::{fail_points::StoredChange, queries, rows::IdempotencyRow, sql_types::StoredId};

/// What is stored under a key. To be asked last, when everything else that a decision needs is known: whoever
/// has seen the effect of a change then sees its key too, and is not refused what the same request did.
pub(super) async fn find_record(
    connection: &AsyncPgConnection,
    user: UserId,
    operation: Operation,
    key: Option<IdempotencyKey>,
) -> Result<Option<IdempotencyRecord>, Error> {
    let Some(key) = key else { return Ok(None) };
    let row = queries::idempotency_record(StoredId(user.0), operation.as_str(), key.as_str())
        .select(IdempotencyRow::as_select())
        .first(&mut &*connection)
        .await
        .optional()?;
    Ok(row.map(IdempotencyRecord::from))
}

/// The key and the fingerprint that a change stores beside its effect.
pub(super) fn key_and_fingerprint(keyed: Option<&KeyedRequest>) -> (Option<String>, Option<String>) {
    let key = keyed.map(|keyed| keyed.key.as_str().to_owned());
    let fingerprint = keyed.map(|keyed| keyed.fingerprint.0.clone());
    (key, fingerprint)
}

struct ForgetKeys;

impl SqlText for ForgetKeys {
    const SQL: &'static str = "
        WITH old AS (
            SELECT user_id, operation, key FROM idempotency_records
            WHERE recorded_at < {} ORDER BY recorded_at LIMIT {} FOR UPDATE SKIP LOCKED
        ),
        forgotten AS (
            DELETE FROM idempotency_records AS record USING old
            WHERE (record.user_id, record.operation, record.key) = (old.user_id, old.operation, old.key)
            RETURNING 1
        )
        SELECT count(*) FROM forgotten";
    type Columns = BigInt;
}

#[async_trait]
impl IdempotencyRecords for PostgresStore {
    async fn forget_before(&self, instant: Timestamp, at_most: u32) -> Result<u64, StorageError> {
        let statement = Statement::<ForgetKeys>::new(values![moment(instant), i64::from(at_most)]);
        let mut connection = self.connection().await?;
        let forgotten = statement.load::<i64>(&mut connection);
        let forgotten = committing_row(StoredChange::ForgetKeys, forgotten).await;
        forgotten.and_then(|forgotten| count(forgotten.unwrap_or_default())).map_err(storage_error)
    }
}
