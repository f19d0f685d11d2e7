use std::sync::Mutex;

use domain::{
    commit::DECIDES_AGAIN_AT_MOST,
    reservation::{CancelFacts, MockSeatInventory, ReservationStatus},
};

use super::*;
use crate::samples::{
    RESERVATION, TICKET, USER, active, assert_refused, at, away, clock, reservation, tickets_without_a_turn,
    timer,
};

const COMMAND: CancelReservationCommand =
    CancelReservationCommand { user: USER, ticket: TICKET, reservation: RESERVATION };

fn facts() -> CancelFacts {
    CancelFacts { ticket: Some(active()), reservation: Some(reservation()) }
}

fn in_status(status: ReservationStatus) -> CancelFacts {
    CancelFacts { reservation: Some(Reservation { status, ..reservation() }), ..facts() }
}

fn cancelled() -> Reservation {
    Reservation { status: ReservationStatus::Cancelled, ..reservation() }
}

type Loads = Vec<(i64, Result<CancelFacts, StorageError>)>;
type Commits = Vec<Result<Commit<()>, StorageError>>;
type Cancelled = Result<Reservation, CancelReservationError>;

/// Cancels while the store does this, call by call; each load is at its second. The store is asked exactly
/// so often, and before anything is waited for. Tells the answer and everything that was to be committed.
async fn play(loads: Loads, commits: Commits) -> (Cancelled, Vec<HoldReleased>) {
    let clock = clock(loads.iter().map(|(second, _)| at(*second)).collect::<Vec<_>>());
    let mut inventory = MockSeatInventory::new();
    let (times, mut loads) = (loads.len(), loads.into_iter());
    inventory.expect_load_for_cancel().times(times).returning(move |ticket, user, reservation| {
        assert_eq!((ticket, user, reservation), (TICKET, USER, RESERVATION), "what is loaded");
        loads.next().unwrap().1
    });
    let committed = Arc::<Mutex<Vec<HoldReleased>>>::default();
    let (times, mut commits, noted) = (commits.len(), commits.into_iter(), Arc::clone(&committed));
    let (passing, waited) = timer();
    let waited_before = Arc::clone(&waited);
    inventory.expect_commit_cancel().times(times).returning(move |released| {
        assert!(waited_before.lock().unwrap().is_empty(), "expected to wait once it is committed");
        noted.lock().unwrap().push(released.clone());
        commits.next().unwrap()
    });
    let answer = CancelReservation::new(clock, passing, Arc::new(inventory)).handle(COMMAND).await;
    let waits = match &answer {
        Ok(_) => vec![GIVEN_BACK_TOLD_AFTER],
        Err(CancelReservationError::Refused(CancelRefused::NotCancellable(ReservationStatus::Cancelled))) => {
            vec![GIVEN_BACK_TOLD_AFTER]
        }
        Err(_) => vec![],
    };
    assert_eq!(*waited.lock().unwrap(), waits, "what is waited for before {answer:?} is told");
    let committed = committed.lock().unwrap().clone();
    (answer, committed)
}

async fn assert_refused_by_a_rule(second: i64, facts: CancelFacts, expected: CancelRefused) {
    let (refused, _) = play(vec![(second, Ok(facts))], vec![]).await;
    assert!(
        matches!(&refused, Err(CancelReservationError::Refused(reason)) if *reason == expected),
        "expected {expected:?}, but it was {refused:?}"
    );
}

#[tokio::test]
async fn a_hold_is_given_up_until_just_before_it_runs_out() {
    let (answer, committed) = play(vec![(309, Ok(facts()))], vec![Ok(Commit::Committed(()))]).await;
    assert_eq!(committed, [HoldReleased { ticket: TICKET, reservation: cancelled() }], "what is committed");
    assert_eq!(answer.unwrap(), cancelled());
}

#[tokio::test]
async fn nobody_gives_up_a_hold_whose_turn_it_is_not() {
    for (ticket, expected) in tickets_without_a_turn() {
        let (refused, _) = play(vec![(50, Ok(CancelFacts { ticket, ..facts() }))], vec![]).await;
        assert!(
            matches!(&refused, Err(CancelReservationError::NoTurn(reason)) if *reason == expected),
            "expected {expected:?}, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_reservation_can_not_be_cancelled() {
    let facts = CancelFacts { reservation: None, ..facts() };
    assert_refused_by_a_rule(50, facts, CancelRefused::ReservationNotFound).await;
}

#[tokio::test]
async fn a_run_out_hold_can_not_be_cancelled() {
    let expected = CancelRefused::NotCancellable(ReservationStatus::Expired);
    assert_refused_by_a_rule(310, facts(), expected).await;
}

#[tokio::test]
async fn a_reservation_that_is_no_hold_any_more_can_not_be_cancelled() {
    for status in [ReservationStatus::Paid, ReservationStatus::Cancelled, ReservationStatus::Expired] {
        assert_refused_by_a_rule(50, in_status(status), CancelRefused::NotCancellable(status)).await;
    }
}

#[tokio::test]
async fn a_hold_that_was_paid_in_the_meantime_is_refused_as_paid() {
    let loads = vec![(50, Ok(facts())), (51, Ok(in_status(ReservationStatus::Paid)))];
    let (refused, _) = play(loads, vec![Ok(Commit::Stale)]).await;
    assert_refused!(
        refused,
        CancelReservationError::Refused(CancelRefused::NotCancellable(ReservationStatus::Paid))
    );
}

#[tokio::test]
async fn a_hold_that_ran_out_in_the_meantime_is_refused_as_expired() {
    let (refused, _) = play(vec![(309, Ok(facts())), (310, Ok(facts()))], vec![Ok(Commit::Stale)]).await;
    assert_refused!(
        refused,
        CancelReservationError::Refused(CancelRefused::NotCancellable(ReservationStatus::Expired))
    );
}

#[tokio::test]
async fn a_stale_decision_is_made_again() {
    let loads = vec![(50, Ok(facts())), (51, Ok(facts()))];
    let (answer, _) = play(loads, vec![Ok(Commit::Stale), Ok(Commit::Committed(()))]).await;
    assert_eq!(answer.unwrap(), cancelled());
}

#[tokio::test]
async fn who_is_overtaken_every_time_is_told_to_try_later() {
    let attempts = 1 + DECIDES_AGAIN_AT_MOST;
    let (refused, _) = play(vec![(50, Ok(facts())); attempts], vec![Ok(Commit::Stale); attempts]).await;
    assert_refused!(refused, CancelReservationError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_wherever_it_is_asked() {
    let at_load = (vec![(50, Err(away()))], vec![]);
    let at_commit = (vec![(50, Ok(facts()))], vec![Err(away())]);
    for (loads, commits) in [at_load, at_commit] {
        let (refused, _) = play(loads, commits).await;
        assert_refused!(refused, CancelReservationError::Storage(StorageError::Unavailable(_)));
    }
}
