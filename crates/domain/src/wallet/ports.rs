//! What wallets need from a store.

use async_trait::async_trait;

use super::{BalanceCharged, ChargeFacts, ChargeRequest, LedgerEntry};
use crate::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{TransactionId, UserId},
    money::Money,
    page::{Page, PageRequest},
    storage::StorageError,
};

/// Where wallets and their ledgers are kept.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Wallets: Send + Sync {
    /// What a decision about a charge is made from, as of moments that fit together: whoever is shown the effect
    /// of a change MUST be shown its key, too. A user without a wallet has nothing.
    async fn load_for_charge(
        &self,
        request: &ChargeRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<ChargeFacts, StorageError>;

    /// Adds to the balance and the ledger, in one transaction, if every condition of [`BalanceCharged`]
    /// holds by the store's own time.
    async fn commit_charge(&self, charged: &BalanceCharged) -> Result<Commit<LedgerEntry>, StorageError>;

    /// What a user's wallet holds.
    async fn balance(&self, user: UserId) -> Result<Money, StorageError>;

    /// An entry of a user's ledger; none when there is no such entry in it.
    async fn entry(&self, user: UserId, id: TransactionId) -> Result<Option<LedgerEntry>, StorageError>;

    /// A page of a user's ledger, newest first.
    async fn entries(&self, user: UserId, page: PageRequest) -> Result<Page<LedgerEntry>, StorageError>;
}
