//! The rows of a store.

use crate::history::{Id, SeatSet, Status};

/// A user.
pub type UserId = Id;

/// A reservation's row. Instants are microseconds since 1970, amounts hundredths.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct ReservationRow {
    pub id: Id,
    pub user: UserId,
    pub schedule: Id,
    pub status: Status,
    pub price: i64,
    pub reserved_at: i64,
    pub expires_at: i64,
    /// Those of `reserved_seats`.
    pub seats: SeatSet,
    /// Those of them that are marked as sold.
    pub sold: SeatSet,
}

/// A payment's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct PaymentRow {
    pub id: Id,
    pub reservation: Id,
    pub user: UserId,
    pub amount: i64,
    pub refunded: bool,
    pub paid_at: i64,
}

/// A refund's row. What was given back is in the ledger.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct RefundRow {
    pub payment: Id,
}

/// What an entry of the ledger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the column's values")]
pub enum EntryKind {
    Charge,
    Payment,
    Refund,
}

/// A ledger entry's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct EntryRow {
    pub id: Id,
    pub user: UserId,
    pub sequence: i64,
    pub kind: EntryKind,
    pub amount: i64,
    pub after: i64,
    /// 0 for none.
    pub reference: Id,
}

/// A wallet's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct WalletRow {
    pub user: UserId,
    pub balance: i64,
    pub entries: i64,
}

/// A ticket's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct TicketRow {
    pub number: u64,
    pub user: UserId,
    pub status: String,
    pub reason: String,
    /// A turn whose time was over when it was read, whether or not the store has noted that.
    pub has_run_out: bool,
}

/// A seat's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct SeatRow {
    pub schedule: Id,
    pub number: u8,
    /// 0 for none.
    pub reservation: Id,
    pub sold: bool,
}

/// An idempotency key's row.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns' names")]
pub struct KeyRow {
    pub user: UserId,
    pub key: String,
    pub result: Id,
}
