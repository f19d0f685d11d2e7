//! Many who want the same seats at once.

use std::collections::HashSet;

use chrono::Duration;
use domain::{
    catalog::Occupancy,
    commit::{Commit, until_not_stale},
    ids::ReservationId,
    reservation::{HoldPolicy, HoldRefused, ReservationStatus, SeatsHeld, Show},
    storage::StorageError,
};

use crate::stage::{Guest, Stage, committed, new_id};

encore_tests::on_every_store! {
    crate::stage;
    of_fifty_guests_who_want_one_seat_one_gets_it,
    of_many_who_take_over_a_seat_that_ran_out_one_gets_it,
    guests_who_want_overlapping_seats_get_all_or_none_and_never_the_same,
    of_holds_decided_on_the_same_facts_one_is_committed,
    simultaneous_holds_of_one_user_stay_within_the_seat_limit,
    simultaneous_holds_of_one_user_on_different_schedules_do_not_hinder_each_other,
    of_a_payment_and_a_cancellation_at_once_one_is_committed,
}

const FIVE_MINUTES: Duration = Duration::minutes(5);

async fn decide_all(
    stage: &Stage,
    guests: &[Guest],
    show: &Show,
    seats: impl Fn(usize) -> Vec<i64>,
) -> Vec<SeatsHeld> {
    let mut decided = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        decided.push(stage.decide_hold(*guest, show, &seats(place), FIVE_MINUTES).await);
    }
    decided
}

async fn commit_all(stage: &Stage, decided: &[SeatsHeld]) -> Vec<Commit<()>> {
    let commits = decided.iter().map(|held| stage.ports.inventory.commit_hold(held));
    stage.at_the_same_time(commits).await.into_iter().map(Result::unwrap).collect()
}

async fn of_fifty_guests_who_want_one_seat_one_gets_it(stage: Stage) {
    let (guests, show) = (stage.guests(50).await, stage.schedule().await);
    let decided = decide_all(&stage, &guests, &show, |_| vec![7]).await;
    let outcomes = commit_all(&stage, &decided).await;
    assert_eq!(committed(&outcomes), 1, "expected one owner of a seat");
    let winner = outcomes.iter().position(|outcome| *outcome != Commit::Stale).unwrap();
    let reservation = &decided[winner].reservation;
    let held = Occupancy::Held { by: reservation.id, until: reservation.expires_at };
    assert_eq!(stage.seats(&show).await[6].occupancy, held);
    assert_eq!(stage.number("SELECT count(*) FROM reservations").await, 1, "expected no trace of the losers");
}

async fn of_many_who_take_over_a_seat_that_ran_out_one_gets_it(stage: Stage) {
    let (late, guests, show) = (stage.guest().await, stage.guests(20).await, stage.schedule().await);
    stage.hold_that_ran_out(late, &show, &[7]).await;
    let decided = decide_all(&stage, &guests, &show, |_| vec![7]).await;
    assert_eq!(committed(&commit_all(&stage, &decided).await), 1, "expected one owner of a seat");
}

async fn guests_who_want_overlapping_seats_get_all_or_none_and_never_the_same(stage: Stage) {
    let (guests, show) = (stage.guests(24).await, stage.schedule().await);
    let seats = |place: usize| {
        let first = i64::try_from(place % 8).unwrap();
        (0..4).map(|seat| (first + seat) % 8 + 1).collect()
    };
    let decided = decide_all(&stage, &guests, &show, seats).await;
    let outcomes = commit_all(&stage, &decided).await;
    assert!(committed(&outcomes) >= 1, "expected somebody to get seats");
    for (held, outcome) in decided.iter().zip(&outcomes) {
        let by = |occupancy: &Occupancy| matches!(occupancy, Occupancy::Held { by, .. } if *by == held.reservation.id);
        let got = stage.seats(&show).await.iter().filter(|seat| by(&seat.occupancy)).count();
        let expected = if *outcome == Commit::Stale { 0 } else { 4 };
        assert_eq!(got, expected, "expected all four seats or none");
    }
}

async fn of_holds_decided_on_the_same_facts_one_is_committed(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let decided =
        decide_all(&stage, &[guest; 12], &show, |place| vec![i64::try_from(place).unwrap() + 1]).await;
    assert_eq!(committed(&commit_all(&stage, &decided).await), 1, "expected each to count the other's seats");
    assert_eq!(stage.holds_made(guest).await, 1);
}

/// Holds two seats as the use case does.
async fn hold_two(stage: &Stage, guest: Guest, show: &Show, first: i64) -> Result<ReservationId, HoldError> {
    let request = guest.hold_request(show, &[first, first + 1]);
    until_not_stale(async || {
        let now = stage.now();
        let facts = stage.ports.inventory.load_for_hold(&request, None, now).await?;
        let reservation = facts.hold(&request, &HoldPolicy::default(), new_id(), now)?;
        let id = reservation.id;
        let held =
            SeatsHeld { ticket: guest.ticket, reservation, holds_made: facts.holds.holds_made, keyed: None };
        Ok(match stage.ports.inventory.commit_hold(&held).await? {
            Commit::Committed(()) => Commit::Committed(id),
            Commit::Stale => Commit::Stale,
        })
    })
    .await
}

#[derive(Debug)]
enum HoldError {
    Refused(HoldRefused),
    Storage(#[expect(dead_code, reason = "shown when a test fails")] StorageError),
}

impl From<HoldRefused> for HoldError {
    fn from(refused: HoldRefused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StorageError> for HoldError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

async fn simultaneous_holds_of_one_user_stay_within_the_seat_limit(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let holds = (0..10).map(|place| hold_two(&stage, guest, &show, place * 2 + 1));
    let outcomes = stage.at_the_same_time(holds).await;
    let held: HashSet<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(held.len(), 2, "expected two holds of two seats each, got {outcomes:?}");
    let limit = |outcome: &&Result<_, _>| {
        matches!(outcome, Err(HoldError::Refused(HoldRefused::SeatLimitReached { .. })))
    };
    assert_eq!(
        outcomes.iter().filter(limit).count(),
        8,
        "expected the others to be told why, got {outcomes:?}"
    );
    assert_eq!(stage.number("SELECT count(*) FROM seats WHERE held_until IS NOT NULL").await, 4);
}

async fn simultaneous_holds_of_one_user_on_different_schedules_do_not_hinder_each_other(stage: Stage) {
    let guest = stage.guest().await;
    let mut decided = Vec::new();
    for _ in 0..12 {
        let show = stage.schedule().await;
        decided.push(stage.decide_hold(guest, &show, &[1], FIVE_MINUTES).await);
    }
    let outcomes = commit_all(&stage, &decided).await;
    assert_eq!(committed(&outcomes), 12, "expected none to be stale, got {outcomes:?}");
}

async fn of_a_payment_and_a_cancellation_at_once_one_is_committed(stage: Stage) {
    let show = stage.schedule().await;
    for seat in 1..=10 {
        let guest = stage.guest().await;
        let reservation = stage.hold(guest, &show, &[seat]).await;
        stage.charge(guest, reservation.total_price).await;
        let settlement = stage.decide_payment(guest, &reservation);
        let released = guest.decide_cancel(&reservation);
        stage.open_every_connection().await;
        let (paid, cancelled) = tokio::join!(
            stage.ports.payments.commit_payment(&settlement),
            stage.ports.inventory.commit_cancel(&released),
        );
        let outcome = (paid.unwrap() != Commit::Stale, cancelled.unwrap() != Commit::Stale);
        let expected = match stage.reservation(&reservation).await.status {
            ReservationStatus::Paid => (true, false),
            ReservationStatus::Cancelled => (false, true),
            other => panic!("expected the reservation to be paid or cancelled, got {other:?}"),
        };
        assert_eq!(outcome, expected, "expected one of payment and cancellation to be committed");
    }
    stage.check_invariants().await;
}
