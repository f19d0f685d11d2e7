//! The whole state of a store at the end of a storm.

use std::collections::BTreeMap;

use super::{
    rows::{
        EntryKind, EntryRow, KeyRow, PaymentRow, RefundRow, ReservationRow, SeatRow, TicketRow, WalletRow,
    },
    sql::{Column, Database},
};
use crate::history::{Id, SeatSet, Status};

/// Everything.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the tables' names")]
pub struct State {
    pub reservations: Vec<ReservationRow>,
    pub payments: Vec<PaymentRow>,
    pub refunds: Vec<RefundRow>,
    /// In the order of users and sequences.
    pub entries: Vec<EntryRow>,
    pub wallets: Vec<WalletRow>,
    /// In the order of their numbers.
    pub tickets: Vec<TicketRow>,
    pub last_number: u64,
    pub seats: Vec<SeatRow>,
    pub keys: Vec<KeyRow>,
}

fn id(text: &str) -> Id {
    if text.is_empty() { 0 } else { Id::from_str_radix(text, 16).unwrap() }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap()
}

impl State {
    /// Reads everything.
    ///
    /// # Errors
    ///
    /// The store's words, where it does not answer.
    pub async fn read(database: &Database) -> Result<Self, String> {
        use Column::{Amount, Flag, Id as IdColumn, Instant, Plain};
        let mut state = Self { reservations: reservations(database).await?, ..Self::default() };
        let columns = [
            IdColumn("id"),
            IdColumn("reservation_id"),
            IdColumn("user_id"),
            Amount("amount"),
            Plain("status"),
            Instant("paid_at"),
        ];
        state.payments = (database.rows(&columns, "FROM payments").await?.iter())
            .map(|row| PaymentRow {
                id: id(&row[0]),
                reservation: id(&row[1]),
                user: id(&row[2]),
                amount: number(&row[3]),
                refunded: row[4] == "REFUNDED",
                paid_at: number(&row[5]),
            })
            .collect();
        state.refunds = (database.rows(&[IdColumn("payment_id")], "FROM refunds").await?.iter())
            .map(|row| RefundRow { payment: id(&row[0]) })
            .collect();
        let columns = [
            IdColumn("id"),
            IdColumn("user_id"),
            Plain("sequence"),
            Plain("kind"),
            Amount("amount"),
            Amount("balance_after"),
            IdColumn("reference"),
        ];
        let rest = "FROM ledger_entries ORDER BY user_id, sequence";
        state.entries = (database.rows(&columns, rest).await?.iter())
            .map(|row| EntryRow {
                id: id(&row[0]),
                user: id(&row[1]),
                sequence: number(&row[2]),
                kind: match row[3].as_str() {
                    "CHARGE" => EntryKind::Charge,
                    "PAYMENT" => EntryKind::Payment,
                    _ => EntryKind::Refund,
                },
                amount: number(&row[4]),
                after: number(&row[5]),
                reference: id(&row[6]),
            })
            .collect();
        let columns = [IdColumn("user_id"), Amount("balance"), Plain("entries")];
        state.wallets = (database.rows(&columns, "FROM wallets").await?.iter())
            .map(|row| WalletRow { user: id(&row[0]), balance: number(&row[1]), entries: number(&row[2]) })
            .collect();
        let columns = [
            Plain("number"),
            IdColumn("user_id"),
            Plain("status"),
            Plain("end_reason"),
            Instant("expires_at"),
        ];
        let now = chrono::Utc::now().timestamp_micros();
        state.tickets = (database.rows(&columns, "FROM queue_tickets ORDER BY number").await?.into_iter())
            .map(|row| TicketRow {
                number: row[0].parse().unwrap(),
                user: id(&row[1]),
                status: row[2].clone(),
                reason: row[3].clone(),
                has_run_out: row[4].parse().is_ok_and(|expires_at: i64| expires_at <= now),
            })
            .collect();
        let rows = database.rows(&[Plain("last_number")], "FROM waiting_room").await?;
        state.last_number = rows[0][0].parse().unwrap();
        let columns =
            [IdColumn("schedule_id"), Plain("seat_number"), IdColumn("reservation_id"), Flag("sold")];
        state.seats = (database.rows(&columns, "FROM seats").await?.iter())
            .map(|row| SeatRow {
                schedule: id(&row[0]),
                number: row[1].parse().unwrap(),
                reservation: id(&row[2]),
                sold: row[3] == "1",
            })
            .collect();
        let columns = [IdColumn("user_id"), Plain("key"), IdColumn("result")];
        state.keys = (database.rows(&columns, "FROM idempotency_records").await?.into_iter())
            .map(|row| KeyRow { user: id(&row[0]), key: row[1].clone(), result: id(&row[2]) })
            .collect();
        Ok(state)
    }
}

async fn reservations(database: &Database) -> Result<Vec<ReservationRow>, String> {
    use Column::{Amount, Flag, Id as IdColumn, Instant, Plain};
    let columns = [IdColumn("reservation_id"), Plain("seat_number"), Flag("sold")];
    let mut seats: BTreeMap<Id, (SeatSet, SeatSet)> = BTreeMap::new();
    for row in database.rows(&columns, "FROM reserved_seats").await? {
        let (all, sold) = seats.entry(id(&row[0])).or_default();
        let seat = row[1].parse().unwrap();
        *all = all.with(seat);
        if row[2] == "1" {
            *sold = sold.with(seat);
        }
    }
    let columns = [
        IdColumn("id"),
        IdColumn("user_id"),
        IdColumn("schedule_id"),
        Plain("status"),
        Amount("total_price"),
        Instant("reserved_at"),
        Instant("expires_at"),
    ];
    let rows = database.rows(&columns, "FROM reservations ORDER BY reserved_at, id").await?;
    let reservation = |row: &Vec<String>| {
        let id_of_row = id(&row[0]);
        let (all, sold) = seats.get(&id_of_row).copied().unwrap_or_default();
        ReservationRow {
            id: id_of_row,
            user: id(&row[1]),
            schedule: id(&row[2]),
            status: match row[3].as_str() {
                "RESERVED" => Status::Reserved,
                "PAID" => Status::Paid,
                "CANCELLED" => Status::Cancelled,
                _ => Status::Expired,
            },
            price: number(&row[4]),
            reserved_at: number(&row[5]),
            expires_at: number(&row[6]),
            seats: all,
            sold,
        }
    };
    Ok(rows.iter().map(reservation).collect())
}
