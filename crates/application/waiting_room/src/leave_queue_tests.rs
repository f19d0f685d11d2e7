use domain::waiting_room::{MockWaitingRoom, Standing};

use super::*;
use crate::samples::{TICKET, active, assert_refused, at, away, clock, ended, waiting};

fn leaving(answer: Result<Left, StorageError>) -> MockWaitingRoom {
    let mut room = MockWaitingRoom::new();
    room.expect_leave().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is given up");
        answer
    });
    room
}

fn not_live(shown: Result<Option<Standing>, StorageError>) -> LeaveQueue {
    let mut room = leaving(Ok(Left::NotLive));
    room.expect_standing().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is looked up");
        shown
    });
    LeaveQueue::new(clock([at(10)]), Arc::new(room))
}

#[tokio::test]
async fn a_live_ticket_is_given_up() {
    let room = leaving(Ok(Left::Done));
    LeaveQueue::new(clock([]), Arc::new(room)).handle(TICKET).await.unwrap();
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
    let mut run_out = active();
    run_out.ticket.state = TicketState::Active { expires_at: at(10) };
    let refused = not_live(Ok(Some(run_out))).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Ended(EndReason::TimedOut)));
}

#[tokio::test]
async fn a_ticket_that_a_late_view_still_shows_alive_was_left_already() {
    for late_view in [waiting(), active()] {
        let refused = not_live(Ok(Some(late_view))).handle(TICKET).await;
        assert_refused!(refused, LeaveQueueError::NoTurn(NoTurn::Ended(EndReason::Left)));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let room = leaving(Err(away()));
    let refused = LeaveQueue::new(clock([]), Arc::new(room)).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_while_the_reason_is_looked_up_is_told() {
    let refused = not_live(Err(away())).handle(TICKET).await;
    assert_refused!(refused, LeaveQueueError::Storage(StorageError::Unavailable(_)));
}
