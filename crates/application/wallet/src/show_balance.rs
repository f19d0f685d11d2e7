//! Seeing one's balance.

use std::sync::Arc;

use domain::{
    ids::UserId,
    money::Money,
    storage::StorageError,
    wallet::{NotTheOwner, Wallets, require_owner},
};

#[cfg(test)]
#[path = "show_balance_tests.rs"]
mod tests;

/// Why a balance was not shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowBalanceError {
    /// The balance is somebody else's.
    #[error(transparent)]
    NotTheOwner(#[from] NotTheOwner),
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Shows balances to their owners.
pub struct ShowBalance {
    wallets: Arc<dyn Wallets>,
}

impl ShowBalance {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(wallets: Arc<dyn Wallets>) -> Self {
        Self { wallets }
    }

    /// What the owner's wallet holds; nothing while it was never charged.
    ///
    /// # Errors
    ///
    /// [`ShowBalanceError`] when the caller is not the owner or the store could not answer.
    pub async fn handle(&self, caller: UserId, owner: UserId) -> Result<Money, ShowBalanceError> {
        require_owner(caller, owner)?;
        Ok(self.wallets.balance(owner).await?)
    }
}
