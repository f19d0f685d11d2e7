//! Seats that are given back: by their holder, or because the hold has run out.

use chrono::Duration;
use domain::{
    catalog::{Occupancy, SeatStatus},
    commit::Commit,
    ids::UserId,
    reservation::{HoldReleased, Reservation, ReservationStatus},
};

use crate::stage::{Guest, Stage, committed, is_active, new_id};

encore_tests::on_every_store! {
    crate::stage;
    what_a_cancellation_is_decided_from_is_loaded_at_once,
    the_reservation_of_another_user_is_not_loaded,
    a_cancelled_hold_gives_its_seats_back_and_no_others,
    a_seat_that_was_given_back_can_be_held_by_another,
    cancelling_leaves_the_turn_as_it_is,
    a_hold_is_not_cancelled_with_the_wrong_ticket,
    the_hold_of_another_user_is_not_cancelled,
    a_hold_that_ran_out_is_not_cancelled,
    a_hold_that_was_taken_over_gives_nothing_back,
    what_is_paid_cancelled_or_expired_is_not_cancelled,
    an_unknown_reservation_is_not_cancelled,
    of_simultaneous_cancellations_one_is_committed,
    holds_that_ran_out_are_noted_and_their_seats_freed,
    what_has_not_run_out_is_left_alone,
    a_seat_that_was_taken_over_is_not_freed,
    no_more_holds_are_noted_at_a_time_than_asked_for,
    simultaneous_tidiers_note_every_hold_once,
    a_hold_that_is_noted_stays_noted,
}

async fn cancel(stage: &Stage, released: &HoldReleased) -> Commit<()> {
    stage.ports.inventory.commit_cancel(released).await.unwrap()
}

/// Insists that a cancellation is stale, and that nothing at all has changed.
async fn expect_stale(stage: &Stage, released: &HoldReleased, why: &str) {
    let outcome = stage.without_a_trace(cancel(stage, released)).await;
    assert_eq!(outcome, Commit::Stale, "expected a cancellation to be stale: {why}");
}

async fn tidy(stage: &Stage, at_most: u32) -> u64 {
    stage.ports.inventory.tidy_run_out_holds(at_most).await.unwrap()
}

async fn what_a_cancellation_is_decided_from_is_loaded_at_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2]).await;
    let facts =
        stage.ports.inventory.load_for_cancel(guest.ticket, guest.user, reservation.id).await.unwrap();
    assert_eq!(facts.ticket, Some(stage.ticket(guest.ticket).await));
    assert_eq!(facts.reservation, Some(reservation));
}

async fn the_reservation_of_another_user_is_not_loaded(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(other, &show, &[1]).await;
    let facts =
        stage.ports.inventory.load_for_cancel(other.ticket, guest.user, reservation.id).await.unwrap();
    assert_eq!(facts.reservation, None, "expected another's reservation not to be found");
    assert_eq!(facts.ticket, None, "expected another's ticket not to be found");
}

async fn a_cancelled_hold_gives_its_seats_back_and_no_others(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let kept = stage.hold(guest, &show, &[1]).await;
    let reservation = stage.hold(guest, &show, &[2, 3]).await;
    assert_eq!(cancel(&stage, &guest.decide_cancel(&reservation)).await, Commit::Committed(()));
    let occupancies: Vec<_> = stage.seats(&show).await[..3].iter().map(|seat| seat.occupancy).collect();
    let held = Occupancy::Held { by: kept.id, until: kept.expires_at };
    assert_eq!(occupancies, [held, Occupancy::Free, Occupancy::Free]);
    let cancelled = Reservation { status: ReservationStatus::Cancelled, ..reservation };
    assert_eq!(stage.reservation(&cancelled).await, cancelled);
    assert_eq!(stage.reservation(&kept).await, kept);
}

async fn a_seat_that_was_given_back_can_be_held_by_another(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    assert_eq!(cancel(&stage, &guest.decide_cancel(&reservation)).await, Commit::Committed(()));
    let held = stage.hold(other, &show, &[1]).await;
    assert_eq!(
        stage.seats(&show).await[0].occupancy,
        Occupancy::Held { by: held.id, until: held.expires_at }
    );
}

async fn cancelling_leaves_the_turn_as_it_is(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let before = stage.ticket(guest.ticket).await;
    let reservation = stage.hold(guest, &show, &[1]).await;
    assert_eq!(cancel(&stage, &guest.decide_cancel(&reservation)).await, Commit::Committed(()));
    assert!(is_active(&before));
    assert_eq!(stage.ticket(guest.ticket).await, before);
}

async fn a_hold_is_not_cancelled_with_the_wrong_ticket(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage
        .with_every_wrong_ticket(guest, async |why, ticket| {
            let released = Guest { ticket, ..guest }.decide_cancel(&reservation);
            expect_stale(&stage, &released, why).await;
        })
        .await;
}

async fn the_hold_of_another_user_is_not_cancelled(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(other, &show, &[1]).await;
    let as_if_ones_own = Reservation { user: guest.user, ..reservation };
    expect_stale(&stage, &guest.decide_cancel(&as_if_ones_own), "it is another's").await;
}

async fn a_hold_that_ran_out_is_not_cancelled(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold_that_ran_out(guest, &show, &[1]).await;
    expect_stale(&stage, &guest.decide_cancel(&reservation), "it ran out").await;
}

async fn a_hold_that_was_taken_over_gives_nothing_back(stage: Stage) {
    let (late, guest, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let lost = stage.hold_that_ran_out(late, &show, &[1, 2]).await;
    let taken = stage.hold(guest, &show, &[1]).await;
    expect_stale(&stage, &late.decide_cancel(&lost), "it was taken over").await;
    assert_eq!(
        stage.seats(&show).await[0].occupancy,
        Occupancy::Held { by: taken.id, until: taken.expires_at }
    );
}

async fn what_is_paid_cancelled_or_expired_is_not_cancelled(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (paid, _) = stage.hold_and_pay(guest, &show, &[1]).await;
    let guest = stage.guest_again(guest.user).await;
    expect_stale(&stage, &guest.decide_cancel(&paid), "it is paid").await;
    let cancelled = stage.hold(guest, &show, &[2]).await;
    assert_eq!(cancel(&stage, &guest.decide_cancel(&cancelled)).await, Commit::Committed(()));
    expect_stale(&stage, &guest.decide_cancel(&cancelled), "it is cancelled").await;
    let expired = stage.hold(guest, &show, &[3]).await;
    let id = stage.id(expired.id.0);
    stage.sql(&format!("UPDATE reservations SET status = 'EXPIRED' WHERE id = {id}")).await;
    expect_stale(&stage, &guest.decide_cancel(&expired), "it is expired").await;
}

async fn an_unknown_reservation_is_not_cancelled(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let unknown = Reservation { id: new_id(), ..stage.hold(guest, &show, &[1]).await };
    expect_stale(&stage, &guest.decide_cancel(&unknown), "there is none").await;
}

async fn of_simultaneous_cancellations_one_is_committed(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2, 3, 4]).await;
    let released = guest.decide_cancel(&reservation);
    let outcomes = stage.at_the_same_time((0..20).map(|_| cancel(&stage, &released))).await;
    assert_eq!(committed(&outcomes), 1);
}

async fn holds_that_ran_out_are_noted_and_their_seats_freed(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let elsewhere = stage.schedule().await;
    let run_out = [
        stage.hold_that_ran_out(guest, &show, &[1, 2]).await,
        stage.hold_that_ran_out(other, &show, &[3]).await,
        stage.hold_that_ran_out(guest, &elsewhere, &[1]).await,
    ];
    assert_eq!(tidy(&stage, 100).await, 3);
    for reservation in run_out {
        let expired = Reservation { status: ReservationStatus::Expired, ..reservation };
        assert_eq!(stage.reservation(&expired).await, expired);
    }
    for show in [&show, &elsewhere] {
        let free = stage.seats(show).await.iter().all(|seat| seat.occupancy == Occupancy::Free);
        assert!(free, "expected every seat to be free");
    }
}

async fn what_has_not_run_out_is_left_alone(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let cancelled = stage.hold(guest, &show, &[1]).await;
    assert_eq!(cancel(&stage, &guest.decide_cancel(&cancelled)).await, Commit::Committed(()));
    let (paid, _) = stage.hold_and_pay(guest, &show, &[2]).await;
    let held = stage.hold(other, &show, &[3]).await;
    let past = stage.instant(stage.now() - Duration::seconds(1));
    for settled in [&paid, &cancelled] {
        let id = stage.id(settled.id.0);
        stage.sql(&format!("UPDATE reservations SET expires_at = {past} WHERE id = {id}")).await;
    }
    assert_eq!(stage.without_a_trace(tidy(&stage, 100)).await, 0, "expected nothing to have run out");
    assert_eq!(stage.reservation(&held).await, held);
    let statuses = [SeatStatus::Available, SeatStatus::Sold, SeatStatus::Held];
    assert_eq!(stage.seat_statuses(&show, &[1, 2, 3]).await, statuses);
}

async fn a_seat_that_was_taken_over_is_not_freed(stage: Stage) {
    let (late, guest, buyer) = (stage.guest().await, stage.guest().await, stage.guest().await);
    let show = stage.schedule().await;
    stage.hold_that_ran_out(late, &show, &[1, 2, 3]).await;
    let taken = stage.hold(guest, &show, &[1]).await;
    let (sold, _) = stage.hold_and_pay(buyer, &show, &[2]).await;
    assert_eq!(tidy(&stage, 100).await, 1);
    let occupancies: Vec<_> = stage.seats(&show).await[..3].iter().map(|seat| seat.occupancy).collect();
    let expected = [
        Occupancy::Held { by: taken.id, until: taken.expires_at },
        Occupancy::Sold { to: sold.id },
        Occupancy::Free,
    ];
    assert_eq!(occupancies, expected);
}

async fn no_more_holds_are_noted_at_a_time_than_asked_for(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    for seat in 1..=5 {
        stage.hold_that_ran_out(guest, &show, &[seat]).await;
    }
    let mut noted = Vec::new();
    for _ in 0..4 {
        noted.push(tidy(&stage, 2).await);
    }
    assert_eq!(noted, [2, 2, 1, 0]);
}

async fn simultaneous_tidiers_note_every_hold_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    for seat in 1..=20 {
        stage.hold_that_ran_out(guest, &show, &[seat]).await;
    }
    let noted: u64 = stage.at_the_same_time((0..10).map(|_| tidy(&stage, 100))).await.into_iter().sum();
    assert_eq!(noted, 20);
    let expired = "SELECT count(*) FROM reservations WHERE status = 'EXPIRED'";
    assert_eq!(stage.number(expired).await, 20);
    assert_eq!(stage.number("SELECT count(*) FROM seats WHERE reservation_id IS NOT NULL").await, 0);
}

async fn a_hold_that_is_noted_stays_noted(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold_that_ran_out(guest, &show, &[1]).await;
    assert_eq!(tidy(&stage, 1).await, 1);
    let user: UserId = guest.user;
    let before = stage.ports.reservations.find(user, reservation.id).await.unwrap();
    assert_eq!(stage.without_a_trace(tidy(&stage, 1)).await, 0);
    assert_eq!(stage.ports.reservations.find(user, reservation.id).await.unwrap(), before);
}
