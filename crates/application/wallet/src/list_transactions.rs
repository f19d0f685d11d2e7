//! Seeing what changed one's balance.

use std::sync::Arc;

use domain::{
    ids::UserId,
    page::{Page, PageRequest},
    storage::StorageError,
    wallet::{LedgerEntry, NotTheOwner, Wallets, require_owner},
};

#[cfg(test)]
#[path = "list_transactions_tests.rs"]
mod tests;

/// Which entries of a ledger are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListTransactionsQuery {
    /// Who asks.
    pub caller: UserId,
    /// Whose ledger.
    pub owner: UserId,
    /// Which page.
    pub page: PageRequest,
}

/// Why a ledger was not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListTransactionsError {
    /// The ledger is somebody else's.
    #[error(transparent)]
    NotTheOwner(#[from] NotTheOwner),
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Lists the entries of ledgers for their owners.
pub struct ListTransactions {
    wallets: Arc<dyn Wallets>,
}

impl ListTransactions {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(wallets: Arc<dyn Wallets>) -> Self {
        Self { wallets }
    }

    /// A page of the owner's ledger, newest first.
    ///
    /// # Errors
    ///
    /// [`ListTransactionsError`] when the caller is not the owner or the store could not answer.
    pub async fn handle(
        &self,
        query: ListTransactionsQuery,
    ) -> Result<Page<LedgerEntry>, ListTransactionsError> {
        require_owner(query.caller, query.owner)?;
        Ok(self.wallets.entries(query.owner, query.page).await?)
    }
}
