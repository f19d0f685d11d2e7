use domain::{
    storage::StorageError,
    waiting_room::{EndReason, MockRoomMemory},
};

use super::*;
use crate::samples::{assert_refused, away, ended, issued, knowing, turn};

fn asking(known: Option<Ticket>, answer: Result<Option<Ticket>, StorageError>) -> ClaimTurn {
    let mut memory = knowing(known);
    memory.expect_look_up().times(1).return_once(|_| answer);
    ClaimTurn::new(Arc::new(memory))
}

fn not_asking(memory: MockRoomMemory) -> ClaimTurn {
    ClaimTurn::new(Arc::new(memory))
}

#[tokio::test]
async fn a_turn_that_was_claimed_is_not_claimed_again() {
    not_asking(knowing(Some(turn(true)))).handle(&issued()).await.unwrap();
    not_asking(knowing(Some(turn(true)))).handle_in_passing(&issued()).await;
}

#[tokio::test]
async fn whoever_needs_the_turn_claims_it_also_where_it_is_not_known() {
    for known in [None, Some(issued()), Some(turn(false))] {
        asking(known, Ok(Some(turn(true)))).handle(&issued()).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_passes_by_claims_a_turn_that_is_known() {
    asking(Some(turn(false)), Ok(Some(turn(true)))).handle_in_passing(&issued()).await;
}

#[tokio::test]
async fn whoever_passes_by_and_waits_is_there() {
    let mut memory = knowing(Some(issued()));
    memory.expect_note_presence().times(1).return_const(());
    not_asking(memory).handle_in_passing(&issued()).await;
}

#[tokio::test]
async fn whoever_passes_by_with_a_ticket_that_is_over_or_unknown_changes_nothing() {
    for known in [None, Some(ended(EndReason::Paid))] {
        not_asking(knowing(known)).handle_in_passing(&issued()).await;
    }
}

#[tokio::test]
async fn whoever_needs_the_turn_and_can_not_claim_it_is_told_at_once() {
    let refused = asking(None, Err(away())).handle(&issued()).await;
    assert_refused!(refused, StorageError::Unavailable(_));
}

#[tokio::test]
async fn whoever_passes_by_is_not_kept_by_a_store_that_is_away() {
    asking(Some(turn(false)), Err(away())).handle_in_passing(&issued()).await;
}
