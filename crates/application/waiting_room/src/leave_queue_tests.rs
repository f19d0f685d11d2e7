use domain::waiting_room::{MockWaitingRoom, Ticket};

use super::*;
use crate::samples::{
    TICKET, assert_refused, at, away, catching_up, clock, ended, idle, issued, timer, turn,
};

fn leaving(answer: Result<Left, StorageError>) -> MockWaitingRoom {
    let mut room = MockWaitingRoom::new();
    room.expect_leave().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is given up");
        answer
    });
    room
}

fn not_live(found: Result<Option<Ticket>, StorageError>) -> LeaveQueue {
    let mut room = leaving(Ok(Left::NotLive));
    room.expect_find().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is looked up");
        found
    });
    LeaveQueue::new(clock([at(100)]), timer().0, Arc::new(room), Arc::new(idle()))
}

#[tokio::test]
async fn a_live_ticket_is_given_up_and_known_here_to_have_ended() {
    let (passing, waited) = timer();
    let waited_before = Arc::clone(&waited);
    let mut room = MockWaitingRoom::new();
    room.expect_leave().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is given up");
        assert!(waited_before.lock().unwrap().is_empty(), "expected to wait once it is given up");
        Ok(Left::Done)
    });
    let leave = LeaveQueue::new(clock([]), passing, Arc::new(room), Arc::new(catching_up()));
    leave.handle(TICKET).await.unwrap();
    assert_eq!(*waited.lock().unwrap(), [GIVEN_BACK_TOLD_AFTER], "what is waited for before it is told");
}

#[tokio::test]
async fn an_unknown_ticket_can_not_be_given_up() {
    let refused = not_live(Ok(None)).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Unknown));
}

#[tokio::test]
async fn an_ended_ticket_can_not_be_given_up_and_tells_why_it_ended() {
    for reason in [EndReason::Paid, EndReason::Left, EndReason::TimedOut, EndReason::NoShow] {
        let refused = not_live(Ok(Some(ended(reason)))).handle(TICKET).await;
        assert!(
            matches!(refused, Err(LeaveQueueError::NoTurn(NoTurn::Ended(told))) if told == reason),
            "expected that it ended because of {reason:?}, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_turn_that_has_run_out_unnoted_can_not_be_given_up() {
    let refused = not_live(Ok(Some(turn(true)))).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Ended(EndReason::TimedOut)));
    let refused = not_live(Ok(Some(turn(false)))).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Ended(EndReason::NoShow)));
}

#[tokio::test]
async fn a_ticket_that_a_late_answer_still_shows_alive_was_left_already() {
    let refused = not_live(Ok(Some(issued()))).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Ended(EndReason::Left)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let leave = LeaveQueue::new(clock([]), timer().0, Arc::new(leaving(Err(away()))), Arc::new(idle()));
    assert_refused!(leave.handle(TICKET).await, LeaveQueueError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_while_the_reason_is_looked_up_is_told() {
    let room = {
        let mut room = leaving(Ok(Left::NotLive));
        room.expect_find().times(1).return_once(|_| Err(away()));
        room
    };
    let leave = LeaveQueue::new(clock([at(100)]), timer().0, Arc::new(room), Arc::new(idle()));
    assert_refused!(leave.handle(TICKET).await, LeaveQueueError::Storage(StorageError::Unavailable(_)));
}
