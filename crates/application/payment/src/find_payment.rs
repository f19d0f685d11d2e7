//! Looking up one of one's own payments.

use std::sync::Arc;

use domain::{
    ids::{PaymentId, UserId},
    payment::{Payment, Payments},
    storage::StorageError,
};

#[cfg(test)]
#[path = "find_payment_tests.rs"]
mod tests;

/// Why a payment was not found.
#[derive(Debug, thiserror::Error)]
pub enum FindPaymentError {
    /// The user has no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Finds a user's payment.
pub struct FindPayment {
    payments: Arc<dyn Payments>,
}

impl FindPayment {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(payments: Arc<dyn Payments>) -> Self {
        Self { payments }
    }

    /// The user's payment as it is now.
    ///
    /// # Errors
    ///
    /// [`FindPaymentError`] when the user has no such payment or the store could not answer.
    pub async fn handle(&self, user: UserId, id: PaymentId) -> Result<Payment, FindPaymentError> {
        let receipt = self.payments.receipt(user, id).await?.ok_or(FindPaymentError::NotFound)?;
        Ok(receipt.payment)
    }
}
