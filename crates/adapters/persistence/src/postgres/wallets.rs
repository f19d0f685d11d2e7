//! Wallets on PostgreSQL.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{TransactionId, UserId},
    money::Money,
    page::{Page, PageRequest},
    storage::StorageError,
    wallet::{BalanceCharged, ChargeFacts, ChargeRequest, EntryKind, LedgerEntry, Wallets},
};
use futures_util::future::try_join;

use super::{
    PostgresStore, committing_row, errors,
    errors::storage_error,
    idempotency::{find_record, key_and_fingerprint},
    moment,
    statement::{SqlText, Statement, values},
    waiting_room::ticket_of,
};
use crate::{
    fail_points::StoredChange,
    pages::ledger_page,
    queries,
    rows::LedgerEntryRow,
    schema::wallets,
    sql_types::{Amount, StoredAmount, StoredId},
};

/// What a user's wallet holds; nothing without a wallet.
pub(super) async fn find_balance(connection: &AsyncPgConnection, user: UserId) -> Result<Money, Error> {
    let wallet = wallets::table.find(StoredId(user.0)).select(wallets::balance);
    let balance: Option<StoredAmount> = wallet.first(&mut &*connection).await.optional()?;
    Ok(balance.map_or(Money::ZERO, |balance| balance.0))
}

struct Charge;

/// The wallet is locked before the ticket is looked at, as in a payment: a charge that has waited for a payment
/// finds the turn that the payment ended as it is by then.
impl SqlText for Charge {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {} AS ticket, {} AS user_id, {} AS entry, {} AS amount, {} AS balance_at_most, {} AS at,
                   {} AS key, {} AS fingerprint
        ),
        wallet AS MATERIALIZED (
            SELECT wallets.user_id
            FROM wallets, asked
            WHERE wallets.user_id = asked.user_id AND wallets.balance <= asked.balance_at_most
            FOR NO KEY UPDATE OF wallets
        ),
        turn AS MATERIALIZED (
            SELECT queue_tickets.expires_at
            FROM queue_tickets, asked
            WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
              AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
              AND EXISTS (SELECT FROM wallet)
            FOR SHARE OF queue_tickets
        ),
        charged AS (
            UPDATE wallets
            SET balance = wallets.balance + asked.amount, entries = wallets.entries + 1
            FROM asked, turn
            WHERE wallets.user_id = asked.user_id AND turn.expires_at > clock_timestamp()
            RETURNING wallets.user_id, wallets.balance, wallets.entries
        ),
        entry AS (
            INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, at)
            SELECT asked.entry, charged.user_id, charged.entries, 'CHARGE', asked.amount, charged.balance, asked.at
            FROM asked, charged
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT charged.user_id, 'CHARGE_BALANCE', asked.key, asked.fingerprint, asked.entry, clock_timestamp()
            FROM asked, charged
            WHERE asked.key IS NOT NULL
        )
        SELECT entries, balance FROM charged";
    type Columns = (BigInt, Amount);
}

#[async_trait]
impl Wallets for PostgresStore {
    async fn load_for_charge(
        &self,
        request: &ChargeRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<ChargeFacts, StorageError> {
        let connection = self.connection().await?;
        let (ticket, balance) = try_join(
            ticket_of(&connection, request.ticket, request.user),
            find_balance(&connection, request.user),
        )
        .await
        .map_err(storage_error)?;
        let recorded = find_record(&connection, request.user, Operation::ChargeBalance, key).await;
        let recorded = recorded.map_err(storage_error)?;
        Ok(ChargeFacts { ticket, recorded, balance })
    }

    async fn commit_charge(&self, charged: &BalanceCharged) -> Result<Commit<LedgerEntry>, StorageError> {
        let (key, fingerprint) = key_and_fingerprint(charged.keyed.as_ref());
        let statement = Statement::<Charge>::new(values![
            StoredId(charged.ticket.0),
            StoredId(charged.user.0),
            StoredId(charged.entry.0),
            StoredAmount(charged.amount),
            StoredAmount(charged.balance_at_most),
            moment(charged.at),
            key,
            fingerprint,
        ]);
        let mut connection = self.connection().await?;
        let done = committing_row(
            StoredChange::ChargeBalance,
            statement.load::<(i64, StoredAmount)>(&mut connection),
        )
        .await;
        let entry = |(sequence, balance): (i64, StoredAmount)| LedgerEntry {
            id: charged.entry,
            user: charged.user,
            sequence,
            kind: EntryKind::Charge,
            amount: charged.amount,
            balance_after: balance.0,
            reference: None,
            at: charged.at,
        };
        errors::commit(done.map(|done| done.map(entry)))
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
