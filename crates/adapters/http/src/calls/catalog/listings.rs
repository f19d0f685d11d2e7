//! Listings that many ask for at once.

use std::sync::Arc;

use actix_web::web::Bytes;
use catalog::{ListSchedulesQuery, ListSeatsQuery};
use domain::{ids::ScheduleId, page::PageRequest, reservation::SeatsSeen};
use tokio::runtime::Handle;

use crate::response::{SharedAnswers, Versioned};

/// The listings that are being made, each once for all who wait for it.
///
/// All whose turn it is are told the same; the turn is checked for each of them.
pub(crate) struct Listings {
    pub(crate) concerts: SharedAnswers<PageRequest, Versioned>,
    pub(crate) schedules: SharedAnswers<ListSchedulesQuery, Versioned>,
    pub(crate) seats: SharedAnswers<ListSeatsQuery, Bytes>,
    /// Looks at the seats of a schedule, for those who may have lost one: see [`reservation::RefuseLosers`].
    pub(crate) looks: SharedAnswers<ScheduleId, Option<Arc<SeatsSeen>>>,
}

impl Listings {
    /// Listings that are made on the threads of `runtime`.
    pub(crate) fn on(runtime: &Handle) -> Self {
        Self {
            concerts: SharedAnswers::on(runtime.clone()),
            schedules: SharedAnswers::on(runtime.clone()),
            seats: SharedAnswers::on(runtime.clone()),
            looks: SharedAnswers::on(runtime.clone()),
        }
    }
}
