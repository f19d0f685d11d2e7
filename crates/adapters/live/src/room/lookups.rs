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
const GOOD_FOR: Duration = Duration::from_millis(250);
/// How many are kept before those that are no longer good are thrown away.
const KEPT: usize = 10_000;

/// What the store said of a ticket whose turn it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The ticket; or none at all.
    pub(super) ticket: Option<Ticket>,
    /// When it was asked.
    pub(super) asked: Instant,
}

/// The refusals of late.
#[derive(Default)]
pub(super) struct Lookups {
    refused: Mutex<HashMap<TicketId, Refusal>>,
}

impl Lookups {
    /// What the store said of a ticket, if it has just said so.
    pub(super) fn recall(&self, ticket: TicketId) -> Option<Refusal> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(&ticket).filter(|refusal| refusal.asked.elapsed() < GOOD_FOR).copied()
    }

    pub(super) fn remember(&self, ticket: TicketId, refusal: Refusal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= KEPT {
            refused.retain(|_, refusal| refusal.asked.elapsed() < GOOD_FOR);
        }
        // More than that many within a quarter of a second are asked for anew.
        if refused.len() < KEPT {
            refused.insert(ticket, refusal);
        }
    }
}
