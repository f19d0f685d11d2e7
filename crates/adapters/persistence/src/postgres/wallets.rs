//! Wallets on PostgreSQL.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{TransactionId, UserId},
    money::Money,
    page::{Page, PageRequest},
    storage::StorageError,
    wallet::{BalanceCharged, ChargeFacts, ChargeRequest, LedgerEntry, Wallets},
};

use super::{PostgresStore, charge_balance, errors::storage_error, together::make};
use crate::{
    pages::ledger_page,
    queries,
    rows::LedgerEntryRow,
    schema::wallets,
    sql_types::{StoredAmount, StoredId},
};

/// What a user's wallet holds; nothing without a wallet.
pub(super) async fn find_balance(connection: &AsyncPgConnection, user: UserId) -> Result<Money, Error> {
    let wallet = wallets::table.find(StoredId(user.0)).select(wallets::balance);
    let balance: Option<StoredAmount> = wallet.first(&mut &*connection).await.optional()?;
    Ok(balance.map_or(Money::ZERO, |balance| balance.0))
}

#[async_trait]
impl Wallets for PostgresStore {
    async fn load_for_charge(
        &self,
        request: &ChargeRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<ChargeFacts, StorageError> {
        self.lines.charge_questions.ask((*request, key)).await?
    }

    async fn commit_charge(&self, charged: &BalanceCharged) -> Result<Commit<LedgerEntry>, StorageError> {
        let alone = async || charge_balance::commit_alone(self.connection().await?, charged).await;
        make(&self.lines.charges, charged, alone).await
    }

    async fn balance(&self, user: UserId) -> Result<Money, StorageError> {
        let connection = self.connection().await?;
        find_balance(&connection, user).await.map_err(storage_error)
    }

    async fn entry(&self, user: UserId, id: TransactionId) -> Result<Option<LedgerEntry>, StorageError> {
        let row = queries::ledger_entry_of(StoredId(user.0), StoredId(id.0))
            .select(LedgerEntryRow::as_select())
            .first(&mut self.connection().await?)
            .await
            .optional();
        row.map_err(storage_error)?.map(LedgerEntry::try_from).transpose()
    }

    async fn entries(&self, user: UserId, page: PageRequest) -> Result<Page<LedgerEntry>, StorageError> {
        let before = page.after.map_or(i64::MAX, |cursor| cursor.position);
        let rows = queries::ledger_before(StoredId(user.0), before, page.limit.and_one_more())
            .select(LedgerEntryRow::as_select())
            .load(&mut self.connection().await?)
            .await;
        ledger_page(rows.map_err(storage_error)?, page)
    }
}
