//! Tickets that were looked up in the store and refused, so that one token does not make the store answer the
//! same again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{ids::TicketId, waiting_room::Ticket};
use tokio::time::Instant;

/// How long a refusal is good.
pub(super) const GOOD_FOR: Duration = Duration::from_millis(250);
/// How many are kept before those that are no longer good are thrown away.
const KEPT: usize = 10_000;

/// A ticket whose turn it was not; or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) Option<Ticket>);

/// The refusals of late.
#[derive(Default)]
pub(super) struct Lookups {
    refused: Mutex<HashMap<TicketId, (Instant, Refusal)>>,
}

impl Lookups {
    /// What the store said of a ticket, if it has just said so.
    pub(super) fn recall(&self, ticket: TicketId) -> Option<Refusal> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = refused.get(&ticket)?;
        (at.elapsed() < GOOD_FOR).then_some(*answer)
    }

    pub(super) fn remember(&self, ticket: TicketId, answer: Refusal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= KEPT {
            refused.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
        }
        // More than that many within a quarter of a second are asked for anew.
        if refused.len() < KEPT {
            refused.insert(ticket, (Instant::now(), answer));
        }
    }
}
