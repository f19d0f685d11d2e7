//! What payments need from a store.

use async_trait::async_trait;

use super::{PaidReservation, Payment, PaymentFacts, PaymentRequest, Receipt, Refund, Settlement};
use crate::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{PaymentId, UserId},
    money::Money,
    page::{Page, PageRequest},
    storage::StorageError,
};

/// Where payments are kept.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Payments: Send + Sync {
    /// What a decision about a payment is made from, as of moments that fit together: whoever is shown the effect
    /// of a change MUST be shown its key, too, and the balance MUST be as of the reservation.
    async fn load_for_payment(
        &self,
        request: &PaymentRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<PaymentFacts, StorageError>;

    /// Debits the balance, adds to the ledger, marks the reservation paid and its seats sold, stores the
    /// payment and ends the ticket, in one transaction, if every condition of [`Settlement`] holds by the
    /// store's own time. Tells what the wallet holds afterwards.
    async fn commit_payment(&self, settlement: &Settlement) -> Result<Commit<Money>, StorageError>;

    /// A payment, whoever's it is, and what was paid for; none when there is no such payment.
    async fn load_for_refund(&self, id: PaymentId) -> Result<Option<PaidReservation>, StorageError>;

    /// Credits the balance, adds to the ledger, frees the seats, cancels the reservation and marks the payment
    /// refunded, in one transaction, if every condition of [`Refund`] holds by the store's own time. Tells what
    /// the wallet holds afterwards.
    async fn commit_refund(&self, refund: &Refund) -> Result<Commit<Money>, StorageError>;

    /// A user's payment with the balance right after it; none when the user has no such payment.
    async fn receipt(&self, user: UserId, id: PaymentId) -> Result<Option<Receipt>, StorageError>;

    /// A page of a user's payments, newest first.
    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<Payment>, StorageError>;
}
