//! The ledger: what was charged, paid and refunded. It is only ever added to.

use uuid::Uuid;

use crate::{
    ids::{TransactionId, UserId},
    money::Money,
    page::Cursor,
    time::Timestamp,
};

/// What changed a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// The user charged it.
    Charge,
    /// The user paid; the amount is negative.
    Payment,
    /// A payment was given back.
    Refund,
}

/// A change of a balance. The balance is the sum of the amounts of all entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The entry's id.
    pub id: TransactionId,
    /// Whose wallet.
    pub user: UserId,
    /// The place in the wallet's ledger, from 1, without gaps.
    pub sequence: i64,
    /// What changed the balance.
    pub kind: EntryKind,
    /// By how much.
    pub amount: Money,
    /// The balance afterwards.
    pub balance_after: Money,
    /// The payment it belongs to, if it belongs to one.
    pub reference: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

impl LedgerEntry {
    /// The entry's place in its ledger.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { position: self.sequence, id: self.id.0 }
    }
}

/// A wallet is asked for by somebody who does not own it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this wallet is somebody else's")]
pub struct NotTheOwner;

/// A wallet is its owner's alone, to see and to change.
///
/// # Errors
///
/// [`NotTheOwner`] when `caller` is not `owner`.
pub fn require_owner(caller: UserId, owner: UserId) -> Result<(), NotTheOwner> {
    if caller == owner { Ok(()) } else { Err(NotTheOwner) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_its_owners_alone() {
        let (owner, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(require_owner(owner, owner), Ok(()));
        assert_eq!(require_owner(other, owner), Err(NotTheOwner));
    }
}
