use domain::{
    storage::StorageError,
    waiting_room::{EndReason, MockRoomMemory},
};

use super::*;
use crate::samples::{away, catching_up, ended, issued, standing, turn};

/// A memory that knows of an unclaimed turn once it has caught up, and is told this when it claims it.
fn finding_a_turn(claimed: Result<Option<Ticket>, StorageError>) -> MockRoomMemory {
    let mut memory = catching_up();
    memory
        .expect_place_told()
        .times(1)
        .withf(|told| *told == issued())
        .return_once(|_| standing(turn(false)));
    memory.expect_look_up().times(1).withf(|told| *told == issued()).return_once(|_| claimed);
    memory.expect_place_told().returning(standing);
    memory
}

#[tokio::test]
async fn who_still_waits_is_told_so_without_asking_the_store_again() {
    let mut memory = catching_up();
    memory.expect_place_told().times(1).returning(standing);
    assert_eq!(place_caught_up(&memory, issued()).await, standing(issued()));
}

#[tokio::test]
async fn a_turn_that_came_meanwhile_is_claimed_before_it_is_told() {
    let memory = finding_a_turn(Ok(Some(turn(true))));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(turn(true)));
}

#[tokio::test]
async fn a_turn_that_came_and_went_meanwhile_is_told_as_ended() {
    let memory = finding_a_turn(Ok(Some(ended(EndReason::NoShow))));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(ended(EndReason::NoShow)));
}

#[tokio::test]
async fn a_turn_that_can_not_be_claimed_is_told_as_it_is_known() {
    let memory = finding_a_turn(Err(away()));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(turn(false)));
}
