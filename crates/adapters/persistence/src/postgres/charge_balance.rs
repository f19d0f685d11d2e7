//! Charges that are decided and made together.

use std::collections::{HashMap, HashSet};

use diesel::{prelude::*, result::Error, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    commit::Commit,
    idempotency::Operation,
    ids::UserId,
    money::Money,
    storage::StorageError,
    wallet::{BalanceCharged, ChargeFacts, EntryKind, LedgerEntry},
};
use futures_util::future::try_join;

use super::{
    committing, errors,
    idempotency::{find_records, keys_and_fingerprints},
    lending::Connection,
    moment,
    statement::{SqlText, Statement, Values, values},
    together::{Together, unless_a_rule_was_broken},
    waiting_room::find_tickets,
};
use crate::{
    fail_points::StoredChange,
    questions::ChargeQuestion,
    schema::wallets,
    sql_types::{Amount, Id, StoredAmount, StoredId},
};

/// What was done under the same key already is not done again; only where that is being done just now, the key's own
/// index decides, and then for all of the statement. The wallet is locked before the ticket is looked at, as in a payment: a charge that has waited for a payment
/// finds the turn that the payment ended as it is by then.
macro_rules! charge_balances {
    ($locked:literal) => {
        concat!(
            "
        WITH asked AS MATERIALIZED (
            SELECT *
            FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::numeric[], {}::numeric[], {}::timestamptz[],
                        {}::text[], {}::text[])
                AS asked (ticket, user_id, entry, amount, balance_at_most, at, key, fingerprint)
        ),
        wallet AS MATERIALIZED (
            SELECT wanted.*
            FROM (SELECT * FROM asked ORDER BY user_id) AS wanted
            CROSS JOIN LATERAL (
                SELECT balance FROM wallets WHERE user_id = wanted.user_id LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS wallet
            WHERE wallet.balance <= wanted.balance_at_most
        ),
        turn AS MATERIALIZED (
            SELECT wallet.*, ticket.expires_at AS turn_expires_at
            FROM wallet
            CROSS JOIN LATERAL (
                SELECT user_id, status, expires_at FROM queue_tickets WHERE id = wallet.ticket LIMIT 1 FOR SHARE",
            $locked,
            "
            ) AS ticket
            WHERE (SELECT true FROM idempotency_records AS done
                   WHERE done.user_id = wallet.user_id AND done.operation = 'CHARGE_BALANCE' AND done.key = wallet.key)
                  IS NULL
              AND ticket.user_id = wallet.user_id
              AND ticket.status = 'ACTIVE' AND ticket.expires_at > clock_timestamp()
        ),
        charged AS (
            UPDATE wallets SET balance = wallets.balance + turn.amount, entries = wallets.entries + 1
            FROM turn
            WHERE wallets.user_id = turn.user_id AND turn.turn_expires_at > clock_timestamp()
            RETURNING wallets.user_id, wallets.balance, wallets.entries, turn.entry, turn.amount, turn.at,
                      turn.key, turn.fingerprint
        ),
        entered AS (
            INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, at)
            SELECT entry, user_id, entries, 'CHARGE', amount, balance, at FROM charged
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT user_id, 'CHARGE_BALANCE', key, fingerprint, entry, clock_timestamp()
            FROM charged WHERE key IS NOT NULL ORDER BY user_id, key
        )
        SELECT user_id, entries, balance FROM charged"
        )
    };
}

struct ChargeTogether;

impl SqlText for ChargeTogether {
    const SQL: &'static str = charge_balances!(" SKIP LOCKED");
    type Columns = (Id, BigInt, Amount);
}

struct ChargeAlone;

impl SqlText for ChargeAlone {
    const SQL: &'static str = charge_balances!("");
    type Columns = (Id, BigInt, Amount);
}

/// Whose wallet was charged, how many entries its ledger has then, and what it holds.
type Charged = (StoredId, i64, StoredAmount);

/// Charges each wallet once, and tells which charges were made.
pub(super) async fn commit(
    mut connection: Connection,
    charges: Vec<BalanceCharged>,
) -> Result<Vec<Together<LedgerEntry>>, Error> {
    let mut users = HashSet::new();
    let asked: Vec<_> = charges.iter().map(|charged| users.insert(charged.user).then_some(charged)).collect();
    let statement =
        Statement::<ChargeTogether>::new(values_of(&asked.iter().copied().flatten().collect::<Vec<_>>()));
    let done = committing(StoredChange::ChargeBalance, statement.load::<Charged>(&mut connection)).await;
    let done = unless_a_rule_was_broken(done)?.unwrap_or_default();
    let done: HashMap<_, _> = done.into_iter().map(|row| (UserId(row.0.0), row)).collect();
    let outcome = |tried: Option<&BalanceCharged>| {
        let Some(tried) = tried else { return Together::Later };
        done.get(&tried.user).map_or(Together::Apart, |row| Together::Made(entry(tried, *row)))
    };
    Ok(asked.into_iter().map(outcome).collect())
}

/// Makes a charge by itself.
pub(super) async fn commit_alone(
    mut connection: Connection,
    charged: &BalanceCharged,
) -> Result<Commit<LedgerEntry>, StorageError> {
    let statement = Statement::<ChargeAlone>::new(values_of(&[charged]));
    let done = committing(StoredChange::ChargeBalance, statement.load::<Charged>(&mut connection)).await;
    errors::commit(done.map(|rows| rows.into_iter().next().map(|row| entry(charged, row))))
}

fn entry(charged: &BalanceCharged, (_, sequence, balance): Charged) -> LedgerEntry {
    LedgerEntry {
        id: charged.entry,
        user: charged.user,
        sequence,
        kind: EntryKind::Charge,
        amount: charged.amount,
        balance_after: balance.0,
        reference: None,
        at: charged.at,
    }
}

fn values_of(charges: &[&BalanceCharged]) -> Values {
    let (keys, fingerprints) = keys_and_fingerprints(charges.iter().map(|charged| charged.keyed.as_ref()));
    macro_rules! column {
        ($value:expr) => {
            charges.iter().map($value).collect::<Vec<_>>()
        };
    }
    values![
        column!(|charged| StoredId(charged.ticket.0)),
        column!(|charged| StoredId(charged.user.0)),
        column!(|charged| StoredId(charged.entry.0)),
        column!(|charged| StoredAmount(charged.amount)),
        column!(|charged| StoredAmount(charged.balance_at_most)),
        column!(|charged| moment(charged.at)),
        keys,
        fingerprints,
    ]
}

/// Loads what the decisions about charges are made from.
pub(super) async fn load(
    connection: Connection,
    asked: Vec<ChargeQuestion>,
) -> Result<Vec<Result<ChargeFacts, StorageError>>, Error> {
    let (tickets, balances) = try_join(
        find_tickets(&connection, asked.iter().map(|(request, _)| (request.user, request.ticket))),
        find_balances(&connection, asked.iter().map(|(request, _)| request.user)),
    )
    .await?;
    let keyed = asked.iter().filter_map(|(request, key)| Some((request.user, key.as_ref()?)));
    let records = find_records(&connection, Operation::ChargeBalance, keyed).await?;
    let facts = |(request, key): &ChargeQuestion| {
        Ok(ChargeFacts {
            ticket: tickets.of(request.user, request.ticket)?,
            recorded: records.under(request.user, key.as_ref()),
            balance: balances.get(&request.user).copied().unwrap_or_default(),
        })
    };
    Ok(asked.iter().map(facts).collect())
}

async fn find_balances(
    connection: &AsyncPgConnection,
    users: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, Money>, Error> {
    let users: Vec<_> = users.map(|user| StoredId(user.0)).collect();
    let rows: Vec<(StoredId, StoredAmount)> = wallets::table
        .filter(wallets::user_id.eq_any(users))
        .select((wallets::user_id, wallets::balance))
        .load(&mut &*connection)
        .await?;
    Ok(rows.into_iter().map(|(user, balance)| (UserId(user.0), balance.0)).collect())
}
