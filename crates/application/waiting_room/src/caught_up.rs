//! Telling the place of a ticket that the memory may not know yet.

use domain::waiting_room::{RoomMemory, Standing, Ticket, TicketState};

#[cfg(test)]
#[path = "caught_up_tests.rs"]
mod tests;

/// Where a ticket stands that the store has just told, once the memory knows what the store knew. If the wait is
/// over meanwhile the store is asked again: whoever is told of a turn has come, and claims it.
pub(crate) async fn place_caught_up(memory: &dyn RoomMemory, ticket: Ticket) -> Standing {
    memory.catch_up().await;
    if ticket.state != TicketState::Waiting {
        return memory.place_told(ticket);
    }
    match memory.place(&ticket) {
        Some(standing) if standing.ticket.state == TicketState::Waiting => standing,
        known => match memory.look_up(&ticket).await {
            Ok(Some(now)) => memory.place_told(now),
            // The next question asks again.
            Ok(None) | Err(_) => known.unwrap_or_else(|| memory.place_told(ticket)),
        },
    }
}
