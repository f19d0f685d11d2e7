//! Putting a concert on the list.

use std::sync::Arc;

use domain::{
    catalog::{Catalog, Concert, TimeZone},
    ids::{ConcertId, IdSource},
    storage::StorageError,
    text::Name,
    time::Clock,
};

#[cfg(test)]
#[path = "create_concert_tests.rs"]
mod tests;

/// The operator's wish to put a concert on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateConcertCommand {
    /// What it is called.
    pub name: Name,
    /// Where it is, as far as the calendar is concerned.
    pub time_zone: TimeZone,
}

/// Creates concerts for the operator.
pub struct CreateConcert {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    catalog: Arc<dyn Catalog>,
}

impl CreateConcert {
    /// The use case on top of these ports.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>, catalog: Arc<dyn Catalog>) -> Self {
        Self { clock, ids, catalog }
    }

    /// Puts the concert on the list, as yet without any date.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not answer.
    pub async fn handle(&self, command: CreateConcertCommand) -> Result<Concert, StorageError> {
        let concert = Concert {
            id: ConcertId(self.ids.next()),
            name: command.name,
            time_zone: command.time_zone,
            created_at: self.clock.now(),
        };
        self.catalog.add_concert(&concert).await?;
        Ok(concert)
    }
}
