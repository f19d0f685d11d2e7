//! Charging one's balance.

use std::sync::Arc;

use domain::{
    commit::{Commit, until_not_stale},
    idempotency::{Answer, Fingerprint, IdempotencyKey, IdempotencyRecord, KeyReused, KeyedRequest},
    ids::{IdSource, TransactionId, UserId},
    storage::StorageError,
    time::Clock,
    waiting_room::{NoTurn, require_turn},
    wallet::{
        BalanceCharged, ChargePolicy, ChargeRefused, ChargeRequest, LedgerEntry, NotTheOwner, Wallets,
        require_owner,
    },
};

#[cfg(test)]
#[path = "charge_balance_tests.rs"]
mod tests;

/// Somebody's wish to charge a balance, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeBalanceCommand {
    /// Whose balance.
    pub owner: UserId,
    /// What is wanted, and by whom.
    pub request: ChargeRequest,
    /// The caller's name for this change, if the caller gave one.
    pub key: Option<IdempotencyKey>,
}

/// Why a balance was not charged.
#[derive(Debug, thiserror::Error)]
pub enum ChargeBalanceError {
    /// The balance is somebody else's.
    #[error(transparent)]
    NotTheOwner(#[from] NotTheOwner),
    /// The key was used before, for something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// It is not the caller's turn.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// A rule speaks against it.
    #[error(transparent)]
    Refused(#[from] ChargeRefused),
    /// The store could not answer, or others were faster each time.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Charges balances.
pub struct ChargeBalance {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    wallets: Arc<dyn Wallets>,
    policy: ChargePolicy,
}

impl ChargeBalance {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        wallets: Arc<dyn Wallets>,
        policy: ChargePolicy,
    ) -> Self {
        Self { clock, ids, wallets, policy }
    }

    /// Adds to the caller's own balance, and tells the entry of the ledger that says so. A key that was used
    /// for the same wish gives the first answer again, whatever has become of the ticket since.
    ///
    /// # Errors
    ///
    /// [`ChargeBalanceError`], the first of its reasons in their order; nothing is charged then.
    pub async fn handle(
        &self,
        command: ChargeBalanceCommand,
    ) -> Result<Answer<LedgerEntry>, ChargeBalanceError> {
        require_owner(command.request.user, command.owner)?;
        let fingerprint = command.request.fingerprint();
        until_not_stale(|| self.attempt(&command, &fingerprint)).await
    }

    async fn attempt(
        &self,
        command: &ChargeBalanceCommand,
        fingerprint: &Fingerprint,
    ) -> Result<Commit<Answer<LedgerEntry>>, ChargeBalanceError> {
        let ChargeBalanceCommand { request, key, .. } = command;
        let now = self.clock.now();
        let facts = self.wallets.load_for_charge(request, key.clone()).await?;
        if let Some(recorded) = &facts.recorded {
            return self.replay(request.user, recorded, fingerprint).await.map(Commit::Committed);
        }
        require_turn(facts.ticket.as_ref(), now)?;
        let charged = BalanceCharged {
            ticket: request.ticket,
            user: request.user,
            balance_at_most: facts.charge(request.amount, &self.policy)?,
            entry: TransactionId(self.ids.next()),
            amount: request.amount,
            at: now,
            keyed: key.clone().map(|key| KeyedRequest { key, fingerprint: fingerprint.clone() }),
        };
        Ok(match self.wallets.commit_charge(&charged).await? {
            Commit::Committed(entry) => Commit::Committed(Answer::fresh(entry)),
            Commit::Stale => Commit::Stale,
        })
    }

    async fn replay(
        &self,
        user: UserId,
        recorded: &IdempotencyRecord,
        fingerprint: &Fingerprint,
    ) -> Result<Answer<LedgerEntry>, ChargeBalanceError> {
        let id = TransactionId(recorded.result_for(fingerprint)?);
        let first = self.wallets.entry(user, id).await?;
        let first = first.ok_or_else(|| StorageError::unexpected("a key's ledger entry is missing"))?;
        Ok(Answer::replayed(first))
    }
}
