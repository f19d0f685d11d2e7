use domain::waiting_room::{EndReason, MockRoomMemory};

use super::*;
use crate::samples::{assert_refused, at, away, clock, ended, issued, knowing, standing, turn};

fn at_second(second: i64, memory: MockRoomMemory) -> CheckPlace {
    CheckPlace::new(clock([at(second)]), Arc::new(memory))
}

fn asking(known: Option<Ticket>, answer: Result<Option<Ticket>, StorageError>) -> MockRoomMemory {
    let mut memory = knowing(known);
    memory.expect_look_up().times(1).return_once(|_| answer);
    memory
}

/// A memory that knows who waits, and counts one question.
fn counting(counted: Result<(), Duration>) -> MockRoomMemory {
    let mut memory = knowing(Some(issued()));
    memory.expect_note_question().times(1).return_once(move |number, told| {
        assert_eq!((number, told), (12, standing(issued()).poll_after()), "who asks, and when to ask again");
        counted
    });
    memory
}

#[tokio::test]
async fn who_waits_is_told_how_many_are_ahead_without_asking_the_store() {
    let place = at_second(10, counting(Ok(()))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(issued()));
}

#[tokio::test]
async fn who_asks_too_fast_is_told_when_to_ask_again() {
    let refused = at_second(10, counting(Err(Duration::seconds(3)))).handle(&issued()).await;
    assert!(
        matches!(refused, Err(CheckPlaceError::TooFast { again_after }) if again_after == Duration::seconds(3)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn who_follows_is_there_and_never_too_fast() {
    let mut memory = knowing(Some(issued()));
    memory.expect_note_presence().times(1).return_const(());
    assert_eq!(at_second(10, memory).follow(&issued()).await.unwrap(), standing(issued()));
}

#[tokio::test]
async fn a_claimed_turn_is_told_until_just_before_it_runs_out() {
    let place = at_second(99, knowing(Some(turn(true)))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(turn(true)));
    let place = at_second(100, knowing(Some(turn(true)))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(ended(EndReason::TimedOut)));
}

#[tokio::test]
async fn the_first_question_after_the_admission_claims_the_turn() {
    let place = at_second(10, asking(Some(turn(false)), Ok(Some(turn(true))))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(turn(true)));
}

#[tokio::test]
async fn a_ticket_that_is_not_in_memory_is_looked_up() {
    let place = at_second(10, asking(None, Ok(Some(ended(EndReason::Paid))))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(ended(EndReason::Paid)));
}

#[tokio::test]
async fn a_ticket_that_is_too_new_to_be_in_memory_is_placed_with_those_who_came_with_it() {
    let mut memory = MockRoomMemory::new();
    memory.expect_place().times(1).return_const(None);
    memory.expect_look_up().times(1).return_once(|_| Ok(Some(issued())));
    memory.expect_catch_up().times(1).return_const(true);
    memory.expect_place().times(1).return_const(standing(issued()));
    memory.expect_note_question().times(1).return_once(|_, _| Ok(()));
    let place = at_second(10, memory).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(issued()));
}

#[tokio::test]
async fn while_the_store_is_away_what_is_known_is_told() {
    let place = at_second(10, asking(Some(turn(false)), Err(away()))).handle(&issued()).await;
    assert_eq!(place.unwrap(), standing(turn(false)));
}

#[tokio::test]
async fn an_unknown_ticket_has_no_place() {
    let refused = CheckPlace::new(clock([]), Arc::new(asking(None, Ok(None)))).handle(&issued()).await;
    assert_refused!(refused, CheckPlaceError::UnknownTicket);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_where_nothing_is_known() {
    let refused = CheckPlace::new(clock([]), Arc::new(asking(None, Err(away())))).handle(&issued()).await;
    assert_refused!(refused, CheckPlaceError::Storage(StorageError::Unavailable(_)));
}

#[test]
fn who_was_refused_elsewhere_is_told_the_place_and_was_there() {
    let mut memory = knowing(Some(issued()));
    memory.expect_note_presence().times(1).return_const(());
    let check = CheckPlace::new(clock([]), Arc::new(memory));
    assert_eq!(check.of_refused(&issued()), standing(issued()));
}
