//! Telling the place of a ticket that the memory may not know yet.

use domain::waiting_room::{RoomMemory, Standing, Ticket};

#[cfg(test)]
#[path = "caught_up_tests.rs"]
mod tests;

/// Where a ticket stands that the store has just told, once the memory knows what the store knew. A turn that has
/// come meanwhile is claimed: whoever is told of it has come.
pub(crate) async fn place_caught_up(memory: &dyn RoomMemory, ticket: Ticket) -> Standing {
    memory.catch_up().await;
    let standing = memory.place_told(ticket);
    if !standing.ticket.is_unclaimed() {
        return standing;
    }
    match memory.look_up(&ticket).await {
        Ok(Some(claimed)) => memory.place_told(claimed),
        // The next question claims it.
        Ok(None) | Err(_) => standing,
    }
}
