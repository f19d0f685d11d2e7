use domain::waiting_room::{EndReason, MockRoomMemory};

use super::*;
use crate::samples::{assert_refused, at, away, clock, ended, issued, knowing, turn};

fn at_second(second: i64, memory: MockRoomMemory) -> RequireTurn {
    RequireTurn::new(clock([at(second)]), Arc::new(memory))
}

fn remembering(known: Option<Ticket>, fresh: bool) -> MockRoomMemory {
    let mut memory = knowing(known);
    memory.expect_is_fresh().return_const(fresh);
    memory
}

/// A memory that has to ask the store.
fn asking(
    known: Option<Ticket>,
    fresh: bool,
    answer: Result<Option<Ticket>, StorageError>,
) -> MockRoomMemory {
    let mut memory = remembering(known, fresh);
    memory.expect_look_up().times(1).return_once(move |asked| {
        assert_eq!(asked, &issued(), "the ticket that is looked up");
        answer
    });
    memory
}

#[tokio::test]
async fn whose_turn_is_known_is_let_through_without_asking_the_store() {
    let passed = at_second(99, remembering(Some(turn(true)), true)).handle(&issued()).await;
    assert_eq!(passed.unwrap(), turn(true));
}

#[tokio::test]
async fn who_was_not_known_to_be_admitted_or_to_have_come_is_looked_up_before_anybody_is_refused() {
    for known in [None, Some(issued()), Some(turn(false))] {
        let passed = at_second(10, asking(known, true, Ok(Some(turn(true))))).handle(&issued()).await;
        assert_eq!(passed.unwrap(), turn(true), "known as {known:?}");
    }
}

#[tokio::test]
async fn old_knowledge_lets_nobody_through() {
    let memory = asking(Some(turn(true)), false, Ok(Some(ended(EndReason::Paid))));
    let refused = at_second(10, memory).handle(&issued()).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Ended(EndReason::Paid)));
}

#[tokio::test]
async fn who_waits_is_not_let_through() {
    let refused = at_second(10, asking(Some(issued()), true, Ok(Some(issued())))).handle(&issued()).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Waiting));
}

#[tokio::test]
async fn a_turn_that_has_run_out_lets_nobody_through() {
    let memory = asking(Some(turn(true)), true, Ok(Some(turn(true))));
    let refused = at_second(100, memory).handle(&issued()).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Ended(EndReason::TimedOut)));
}

#[tokio::test]
async fn an_unknown_ticket_lets_nobody_through() {
    let refused = at_second(10, asking(None, true, Ok(None))).handle(&issued()).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Unknown));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = at_second(10, asking(None, true, Err(away()))).handle(&issued()).await;
    assert_refused!(refused, RequireTurnError::Storage(StorageError::Unavailable(_)));
}
