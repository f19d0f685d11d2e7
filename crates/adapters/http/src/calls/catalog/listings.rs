//! Listings that many ask for at once.

use actix_web::web::Bytes;
use catalog::{ListSchedulesQuery, ListSeatsQuery};
use domain::page::PageRequest;

use crate::response::{SharedAnswers, Versioned};

/// The listings that are being made, each once for all who wait for it.
///
/// What they list is the same for everybody whose turn it is. Whose turn it is is checked for each caller, before.
#[derive(Default)]
pub(crate) struct Listings {
    pub(crate) concerts: SharedAnswers<PageRequest, Versioned>,
    pub(crate) schedules: SharedAnswers<ListSchedulesQuery, Versioned>,
    pub(crate) seats: SharedAnswers<ListSeatsQuery, Bytes>,
}
