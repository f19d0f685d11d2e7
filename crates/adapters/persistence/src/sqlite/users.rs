//! Users on SQLite.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::{
    identity::{AddUserError, Email, Login, PasswordHash, User, Users},
    ids::UserId,
    money::Money,
    storage::StorageError,
};

use super::{SqliteStore, errors::is_unique_violation, moment, writer::WriteError};
use crate::{
    fail_points::StoredChange,
    queries::login_with,
    rows::NewUserRow,
    schema::{users, wallets},
    sql_types::{StoredAmount, StoredId},
};

#[async_trait]
impl Users for SqliteStore {
    async fn add(&self, user: &User, password: &PasswordHash) -> Result<(), AddUserError> {
        let (user, password) = (user.clone(), password.clone());
        let insert = move |connection: &mut SqliteConnection| {
            let id = StoredId(user.id.0);
            let row = NewUserRow {
                id,
                name: user.name.as_str(),
                email: user.email.as_str(),
                password_hash: &password.0,
                registered_at: moment(user.registered_at),
            };
            diesel::insert_into(users::table).values(row).execute(connection)?;
            let wallet = (
                wallets::user_id.eq(id),
                wallets::balance.eq(StoredAmount(Money::ZERO)),
                wallets::entries.eq(0),
            );
            diesel::insert_into(wallets::table).values(wallet).execute(connection)
        };
        match self.writer.change(StoredChange::AddUser, insert).await {
            Ok(_) => Ok(()),
            Err(WriteError::Refused(error)) if is_unique_violation(&error, "users.email") => {
                Err(AddUserError::EmailTaken)
            }
            Err(error) => Err(error.into_storage().into()),
        }
    }

    async fn login_of(&self, email: &Email) -> Result<Option<Login>, StorageError> {
        let email = email.clone();
        let question = move |connection: &mut SqliteConnection| {
            let row = login_with(email.as_str()).select((users::id, users::password_hash));
            row.get_result::<(StoredId, String)>(connection).optional()
        };
        let found = self.readers.read(question).await?;
        Ok(found.map(|(id, hash)| Login { user: UserId(id.0), password: PasswordHash(hash) }))
    }

    async fn exists(&self, id: UserId) -> Result<bool, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            let found = diesel::select(diesel::dsl::exists(users::table.find(StoredId(id.0))));
            found.get_result(connection)
        };
        self.readers.read(question).await
    }
}
