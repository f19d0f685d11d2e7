//! Giving a payment back.

use std::sync::Arc;

use domain::{
    commit::{Commit, until_not_stale},
    ids::{IdSource, PaymentId, TransactionId},
    payment::{Payments, RefundReceipt, RefundRefused},
    reservation::GIVEN_BACK_TOLD_AFTER,
    storage::StorageError,
    text::Reason,
    time::{Clock, Timer},
};

#[cfg(test)]
#[path = "refund_payment_tests.rs"]
mod tests;

/// The operator's wish to give a payment back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundPaymentCommand {
    /// Which payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: Reason,
}

/// Why a payment was not given back.
#[derive(Debug, thiserror::Error)]
pub enum RefundPaymentError {
    /// There is no such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// A rule speaks against it.
    #[error(transparent)]
    Refused(#[from] RefundRefused),
    /// The store could not answer, or others were faster each time.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Gives payments back.
pub struct RefundPayment {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    ids: Arc<dyn IdSource>,
    payments: Arc<dyn Payments>,
}

impl RefundPayment {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(
        clock: Arc<dyn Clock>,
        timer: Arc<dyn Timer>,
        ids: Arc<dyn IdSource>,
        payments: Arc<dyn Payments>,
    ) -> Self {
        Self { clock, timer, ids, payments }
    }

    /// Credits the balance with what was paid; the seats are free again, and the reservation is cancelled. That it is done,
    /// or was already, is told when nobody is refused any more by a look at the seats that began before.
    ///
    /// # Errors
    ///
    /// [`RefundPaymentError`], the first of its reasons in their order; nothing has changed then.
    pub async fn handle(&self, command: RefundPaymentCommand) -> Result<RefundReceipt, RefundPaymentError> {
        let outcome = until_not_stale(|| self.attempt(&command)).await;
        if tells_of_free_seats(&outcome) {
            self.timer.wait(GIVEN_BACK_TOLD_AFTER).await;
        }
        outcome
    }

    async fn attempt(
        &self,
        command: &RefundPaymentCommand,
    ) -> Result<Commit<RefundReceipt>, RefundPaymentError> {
        let now = self.clock.now();
        let paid = self.payments.load_for_refund(command.payment).await?;
        let paid = paid.ok_or(RefundPaymentError::PaymentNotFound)?;
        let refund = paid.refund(command.reason.clone(), TransactionId(self.ids.next()), now)?;
        Ok(match self.payments.commit_refund(&refund).await? {
            Commit::Committed(balance_after) => Commit::Committed(RefundReceipt { refund, balance_after }),
            Commit::Stale => Commit::Stale,
        })
    }
}

fn tells_of_free_seats(outcome: &Result<RefundReceipt, RefundPaymentError>) -> bool {
    matches!(outcome, Ok(_) | Err(RefundPaymentError::Refused(RefundRefused::AlreadyRefunded)))
}
