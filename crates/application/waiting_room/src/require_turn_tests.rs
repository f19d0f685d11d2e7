use domain::waiting_room::{EndReason, MockWaitingRoom, Standing};

use super::*;
use crate::samples::{TICKET, USER, active, assert_refused, at, away, clock, ended, waiting};

fn at_second(second: i64, answer: Result<Option<Standing>, StorageError>) -> RequireTurn {
    let mut room = MockWaitingRoom::new();
    room.expect_turn().times(1).return_once(move |ticket, user| {
        assert_eq!(user, USER, "whose turn is asked for");
        assert_eq!(ticket, TICKET, "the ticket that is asked for");
        answer
    });
    RequireTurn::new(clock([at(second)]), Arc::new(room))
}

#[tokio::test]
async fn whose_turn_it_is_is_let_through() {
    let ticket = at_second(99, Ok(Some(active()))).handle(TICKET, USER).await.unwrap();
    assert_eq!(ticket, active().ticket);
}

#[tokio::test]
async fn who_waits_is_not_let_through_and_told_where_the_ticket_stands() {
    let refused = at_second(10, Ok(Some(waiting()))).handle(TICKET, USER).await;
    let expected = waiting();
    assert!(
        matches!(&refused, Err(RequireTurnError::NoTurn(NoTurn::Waiting(told))) if **told == expected),
        "expected to be told {expected:?}, but it was {refused:?}"
    );
}

#[tokio::test]
async fn a_turn_that_has_run_out_lets_nobody_through() {
    let refused = at_second(100, Ok(Some(active()))).handle(TICKET, USER).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Ended(EndReason::TimedOut)));
}

#[tokio::test]
async fn an_ended_ticket_lets_nobody_through() {
    let refused = at_second(10, Ok(Some(ended(EndReason::Paid)))).handle(TICKET, USER).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Ended(EndReason::Paid)));
}

#[tokio::test]
async fn an_unknown_ticket_lets_nobody_through() {
    let refused = at_second(10, Ok(None)).handle(TICKET, USER).await;
    assert_refused!(refused, RequireTurnError::NoTurn(NoTurn::Unknown));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = at_second(10, Err(away())).handle(TICKET, USER).await;
    assert_refused!(refused, RequireTurnError::Storage(StorageError::Unavailable(_)));
}
