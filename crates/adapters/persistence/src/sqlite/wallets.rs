//! Wallets on SQLite.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{TransactionId, UserId},
    money::Money,
    page::{Page, PageRequest},
    storage::StorageError,
    wallet::{BalanceCharged, ChargeFacts, ChargeRequest, EntryKind, LedgerEntry, Wallets},
};

use super::{
    SqliteStore,
    idempotency::{find_record, store_record},
    moment,
    waiting_room::{is_turn, ticket_of},
    writer::stale_unless,
};
use crate::{
    fail_points::StoredChange,
    kept,
    pages::ledger_page,
    queries,
    questions::ChargeQuestion,
    rows::LedgerEntryRow,
    schema::{ledger_entries, wallets},
    sql_types::{StoredAmount, StoredId, StoredMoment},
};

/// What a user's wallet holds, and how many entries its ledger has; nothing without a wallet.
pub(super) fn find_wallet(connection: &mut SqliteConnection, user: UserId) -> Result<(Money, i64), Error> {
    let found = wallets::table
        .find(StoredId(user.0))
        .select((wallets::balance, wallets::entries))
        .get_result::<(StoredAmount, i64)>(connection)
        .optional()?;
    Ok(found.map_or((Money::ZERO, 0), |(balance, entries)| (balance.0, entries)))
}

/// Writes a wallet's new balance and the entry that tells why.
pub(super) fn add_entry(connection: &mut SqliteConnection, entry: &LedgerEntry) -> Result<(), Error> {
    kept::update(wallets::table.find(StoredId(entry.user.0)))
        .set((wallets::balance.eq(StoredAmount(entry.balance_after)), wallets::entries.eq(entry.sequence)))
        .execute(connection)?;
    diesel::insert_into(ledger_entries::table).values(LedgerEntryRow::from(entry)).execute(connection)?;
    Ok(())
}

pub(super) fn load_for_charge(
    connection: &mut SqliteConnection,
    (request, key): &ChargeQuestion,
) -> Result<ChargeFacts, Error> {
    Ok(ChargeFacts {
        ticket: ticket_of(connection, request.ticket, request.user)?,
        recorded: find_record(connection, request.user, Operation::ChargeBalance, key.as_ref())?,
        balance: find_wallet(connection, request.user)?.0,
    })
}

#[async_trait]
impl Wallets for SqliteStore {
    async fn load_for_charge(
        &self,
        request: &ChargeRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<ChargeFacts, StorageError> {
        self.lines.charge_questions.ask((*request, key)).await?
    }

    async fn commit_charge(&self, charged: &BalanceCharged) -> Result<Commit<LedgerEntry>, StorageError> {
        let (charged, now) = (charged.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::ChargeBalance, move |connection| {
                commit_charge(connection, &charged, moment(now()))
            })
            .await
    }

    async fn balance(&self, user: UserId) -> Result<Money, StorageError> {
        self.readers.read(move |connection| Ok(find_wallet(connection, user)?.0)).await
    }

    async fn entry(&self, user: UserId, id: TransactionId) -> Result<Option<LedgerEntry>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            let entry = queries::ledger_entry_of(StoredId(user.0), StoredId(id.0));
            entry.select(LedgerEntryRow::as_select()).get_result(connection).optional()
        };
        self.readers.read(question).await?.map(LedgerEntry::try_from).transpose()
    }

    async fn entries(&self, user: UserId, page: PageRequest) -> Result<Page<LedgerEntry>, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            let before = page.after.map_or(i64::MAX, |cursor| cursor.position);
            queries::ledger_before(StoredId(user.0), before, page.limit.and_one_more())
                .select(LedgerEntryRow::as_select())
                .load(connection)
        };
        ledger_page(self.readers.read(question).await?, page)
    }
}

fn commit_charge(
    connection: &mut SqliteConnection,
    charged: &BalanceCharged,
    now: StoredMoment,
) -> Result<LedgerEntry, Error> {
    stale_unless(is_turn(connection, charged.ticket, charged.user, now)?)?;
    let (balance, entries) = find_wallet(connection, charged.user)?;
    stale_unless(balance <= charged.balance_at_most)?;
    let entry = LedgerEntry {
        id: charged.entry,
        user: charged.user,
        sequence: entries + 1,
        kind: EntryKind::Charge,
        amount: charged.amount,
        balance_after: balance.checked_add(charged.amount).ok_or(Error::RollbackTransaction)?,
        reference: None,
        at: charged.at,
    };
    add_entry(connection, &entry)?;
    let (key, result) = (charged.keyed.as_ref(), charged.entry.0);
    store_record(connection, charged.user, Operation::ChargeBalance, key, result, now)?;
    Ok(entry)
}
