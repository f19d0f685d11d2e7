//! Samples and stand-ins for this crate's tests.

use domain::{
    ids::TransactionId,
    money::Money,
    wallet::{EntryKind, LedgerEntry},
};
use uuid::Uuid;

pub(crate) use domain::{assert_refused, samples::*};

/// The entry of a charge of 30 at the tenth second, on top of 5.
pub(crate) fn entry() -> LedgerEntry {
    LedgerEntry {
        id: TransactionId(Uuid::from_u128(100)),
        user: USER,
        sequence: 2,
        kind: EntryKind::Charge,
        amount: Money::from_units(30),
        balance_after: Money::from_units(35),
        reference: None,
        at: at(10),
    }
}
