//! Listing one's own payments.

use std::sync::Arc;

use domain::{
    ids::UserId,
    page::{Page, PageRequest},
    payment::{Payment, Payments},
    storage::StorageError,
};

#[cfg(test)]
#[path = "list_payments_tests.rs"]
mod tests;

/// Lists a user's payments.
pub struct ListPayments {
    payments: Arc<dyn Payments>,
}

impl ListPayments {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(payments: Arc<dyn Payments>) -> Self {
        Self { payments }
    }

    /// A page of the user's payments, newest first.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self, user: UserId, page: PageRequest) -> Result<Page<Payment>, StorageError> {
        self.payments.list(user, page).await
    }
}
