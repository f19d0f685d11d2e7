//! Listing the concerts.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, Concert},
    page::{Page, PageRequest},
    storage::StorageError,
};

#[cfg(test)]
#[path = "list_concerts_tests.rs"]
mod tests;

/// Lists concerts.
pub struct ListConcerts {
    catalog: Arc<dyn Catalog>,
}

impl ListConcerts {
    /// The use case on top of this port.
    #[must_use]
    pub fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self { catalog }
    }

    /// A page of the concerts, in the order in which they were put on the list.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self, page: PageRequest) -> Result<Page<Concert>, StorageError> {
        self.catalog.concerts(page).await
    }
}
