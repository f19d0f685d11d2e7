use domain::waiting_room::{EndReason, MockWaitingRoom, TicketState};

use super::*;
use crate::samples::{TICKET, active, assert_refused, at, away, clock, ended, standing, waiting};

fn at_second(second: i64, answer: Result<Option<Standing>, StorageError>) -> CheckPlace {
    let mut room = MockWaitingRoom::new();
    room.expect_standing().times(1).return_once(move |ticket| {
        assert_eq!(ticket, TICKET, "the ticket that is asked for");
        answer
    });
    CheckPlace::new(clock([at(second)]), Arc::new(room))
}

#[tokio::test]
async fn who_waits_is_told_how_many_are_ahead() {
    let place = at_second(10, Ok(Some(waiting()))).handle(TICKET).await;
    assert_eq!(place.unwrap(), waiting());
}

#[tokio::test]
async fn whose_turn_it_is_is_told_so_until_just_before_it_runs_out() {
    let place = at_second(99, Ok(Some(active()))).handle(TICKET).await;
    assert_eq!(place.unwrap(), active());
}

#[tokio::test]
async fn a_turn_that_has_run_out_reads_as_timed_out_though_nobody_has_noted_it() {
    let place = at_second(100, Ok(Some(active()))).handle(TICKET).await;
    assert_eq!(place.unwrap(), standing(TicketState::Ended { reason: EndReason::TimedOut }));
}

#[tokio::test]
async fn an_ended_ticket_tells_why_it_ended() {
    let place = at_second(10, Ok(Some(ended(EndReason::Paid)))).handle(TICKET).await;
    assert_eq!(place.unwrap(), ended(EndReason::Paid));
}

#[tokio::test]
async fn an_unknown_ticket_has_no_place() {
    assert_refused!(at_second(10, Ok(None)).handle(TICKET).await, CheckPlaceError::UnknownTicket);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let check = at_second(10, Err(away()));
    assert_refused!(check.handle(TICKET).await, CheckPlaceError::Storage(StorageError::Unavailable(_)));
}
