use domain::{
    storage::StorageError,
    waiting_room::{EndReason, MockRoomMemory},
};

use super::*;
use crate::samples::{away, ended, issued, knowing, standing, turn};

/// A memory that knows this once it has caught up.
fn then_knowing(known: Option<Ticket>) -> MockRoomMemory {
    let mut memory = knowing(known);
    memory.expect_catch_up().times(1).return_const(true);
    memory
}

/// A memory that is then told this by the store.
fn asking(known: Option<Ticket>, answer: Result<Option<Ticket>, StorageError>) -> MockRoomMemory {
    let mut memory = then_knowing(known);
    memory.expect_look_up().times(1).withf(|asked| *asked == issued()).return_once(|_| answer);
    memory
}

#[tokio::test]
async fn who_still_waits_is_told_so_without_asking_the_store_again() {
    let memory = then_knowing(Some(issued()));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(issued()));
}

#[tokio::test]
async fn who_does_not_wait_is_told_what_the_store_has_told() {
    let memory = then_knowing(None);
    assert_eq!(place_caught_up(&memory, turn(true)).await, standing(turn(true)));
}

#[tokio::test]
async fn a_turn_that_came_meanwhile_is_claimed_before_it_is_told() {
    let memory = asking(Some(turn(false)), Ok(Some(turn(true))));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(turn(true)));
}

#[tokio::test]
async fn a_wait_that_ended_meanwhile_is_told_as_ended() {
    let memory = asking(None, Ok(Some(ended(EndReason::Left))));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(ended(EndReason::Left)));
}

#[tokio::test]
async fn while_the_store_is_away_what_is_known_is_told() {
    let memory = asking(Some(turn(false)), Err(away()));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(turn(false)));
    let memory = asking(None, Err(away()));
    assert_eq!(place_caught_up(&memory, issued()).await, standing(issued()));
}
