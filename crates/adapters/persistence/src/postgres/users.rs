//! Users on PostgreSQL.

use std::collections::HashSet;

use async_trait::async_trait;
use diesel::{prelude::*, result::Error, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use domain::{
    identity::{AddUserError, Email, Login, PasswordHash, User, Users},
    ids::UserId,
    storage::StorageError,
};

use super::{
    PostgresStore, committing_row,
    errors::{storage_error, violates},
    lending::Connection,
    moment,
    statement::{SqlText, Statement, values},
};
use crate::{fail_points::StoredChange, queries::login_with, schema::users, sql_types::StoredId};

struct AddUser;

impl SqlText for AddUser {
    const SQL: &'static str = "
        WITH added AS (
            INSERT INTO users (id, name, email, password_hash, registered_at)
            VALUES ({}, {}, {}, {}, {}) RETURNING id
        ),
        wallet AS (INSERT INTO wallets (user_id) SELECT id FROM added)
        SELECT count(*) FROM added";
    type Columns = BigInt;
}

#[async_trait]
impl Users for PostgresStore {
    async fn add(&self, user: &User, password: &PasswordHash) -> Result<(), AddUserError> {
        let statement = Statement::<AddUser>::new(values![
            StoredId(user.id.0),
            user.name.as_str().to_owned(),
            user.email.as_str().to_owned(),
            password.0.clone(),
            moment(user.registered_at),
        ]);
        let mut connection = self.connection().await?;
        match committing_row(StoredChange::AddUser, statement.load::<i64>(&mut connection)).await {
            Ok(_) => Ok(()),
            Err(error) if violates(&error, "users_email_is_unique") => Err(AddUserError::EmailTaken),
            Err(error) => Err(storage_error(error).into()),
        }
    }

    async fn login_of(&self, email: &Email) -> Result<Option<Login>, StorageError> {
        let question = login_with(email.as_str()).select((users::id, users::password_hash));
        let mut connection = self.connection().await?;
        let found = question.first::<(StoredId, String)>(&mut connection).await.optional();
        let found = found.map_err(storage_error)?;
        Ok(found.map(|(id, hash)| Login { user: UserId(id.0), password: PasswordHash(hash) }))
    }

    async fn exists(&self, id: UserId) -> Result<bool, StorageError> {
        self.lines.users.ask(id).await
    }
}

/// Which of some users there are.
pub(super) async fn exist(mut connection: Connection, asked: Vec<UserId>) -> Result<Vec<bool>, Error> {
    let ids: Vec<_> = asked.iter().map(|user| StoredId(user.0)).collect();
    let found = users::table.filter(users::id.eq_any(&ids)).select(users::id);
    let found: HashSet<StoredId> = found.load(&mut connection).await?.into_iter().collect();
    Ok(ids.iter().map(|id| found.contains(id)).collect())
}
