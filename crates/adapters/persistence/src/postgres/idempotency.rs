//! Idempotency keys on PostgreSQL.

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::{
    result::Error,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    idempotency::{
        Fingerprint, IdempotencyKey, IdempotencyRecord, IdempotencyRecords, KeyedRequest, Operation,
    },
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
use crate::{
    fail_points::StoredChange,
    sql_types::{Id, StoredId},
};

/// What is stored under some keys.
pub(super) struct Records(HashMap<(UserId, String), IdempotencyRecord>);

impl Records {
    /// What is stored under a user's key.
    pub(super) fn under(&self, user: UserId, key: Option<&IdempotencyKey>) -> Option<IdempotencyRecord> {
        self.0.get(&(user, key?.as_str().to_owned())).cloned()
    }
}

struct FindRecords;

impl SqlText for FindRecords {
    const SQL: &'static str = "
        SELECT asked.user_id, asked.key, done.fingerprint, done.result
        FROM unnest({}::uuid[], {}::text[]) AS asked (user_id, key)
        CROSS JOIN LATERAL (
            SELECT fingerprint, result
            FROM idempotency_records
            WHERE user_id = asked.user_id AND operation = {} AND key = asked.key
            LIMIT 1
        ) AS done";
    type Columns = (Id, Text, Text, Id);
}

/// What is stored under the keys of users. To be asked last, when everything else that the decisions need is known:
/// whoever has seen the effect of a change then sees its key too, and is not refused what the same request did.
pub(super) async fn find_records(
    connection: &AsyncPgConnection,
    operation: Operation,
    keyed: impl Iterator<Item = (UserId, &IdempotencyKey)>,
) -> Result<Records, Error> {
    let (users, keys): (Vec<_>, Vec<_>) =
        keyed.map(|(user, key)| (StoredId(user.0), key.as_str().to_owned())).unzip();
    if users.is_empty() {
        return Ok(Records(HashMap::new()));
    }
    let statement = Statement::<FindRecords>::new(values![users, keys, operation.as_str().to_owned()]);
    let rows = statement.load::<(StoredId, String, String, StoredId)>(&mut &*connection).await?;
    let record = |(user, key, fingerprint, result): (StoredId, String, String, StoredId)| {
        ((UserId(user.0), key), IdempotencyRecord { fingerprint: Fingerprint(fingerprint), result: result.0 })
    };
    Ok(Records(rows.into_iter().map(record).collect()))
}

/// The keys and the fingerprints that changes store beside their effects.
pub(super) fn keys_and_fingerprints<'a>(
    keyed: impl Iterator<Item = Option<&'a KeyedRequest>>,
) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let both = |keyed: &KeyedRequest| (keyed.key.as_str().to_owned(), keyed.fingerprint.0.clone());
    keyed.map(|keyed| keyed.map(both).unzip()).unzip()
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
