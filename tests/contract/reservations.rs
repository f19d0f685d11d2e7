//! Reservations as they are looked up.

use chrono::Duration;
use domain::{
    ids::{ReservationId, UserId},
    reservation::{Reservation, ReservationQuery, ReservationStatus, Show},
    time::Timestamp,
};

use crate::stage::{Guest, Stage, new_id, page_limit, read_pages};

encore_tests::on_every_store! {
    crate::stage;
    an_unknown_reservation_is_not_found,
    the_reservation_of_another_user_is_not_found,
    the_reservations_of_another_user_are_not_listed,
    every_reservation_of_a_list_has_its_own_seats,
    pages_of_reservations_tell_each_once_newest_first,
    pages_of_reservations_made_at_one_instant_tell_each_once,
    pages_of_one_status_tell_each_once,
    a_list_can_be_narrowed_to_one_status,
    a_hold_counts_as_expired_from_the_instant_it_runs_out,
    a_hold_that_was_noted_as_expired_is_listed_as_expired,
}

async fn list(
    stage: &Stage,
    user: UserId,
    status: Option<ReservationStatus>,
    limit: i64,
) -> Vec<Reservation> {
    list_at(stage, user, status, limit, stage.now()).await
}

async fn list_at(
    stage: &Stage,
    user: UserId,
    status: Option<ReservationStatus>,
    limit: i64,
    now: Timestamp,
) -> Vec<Reservation> {
    let read = async |page| {
        stage.ports.reservations.list(&ReservationQuery { user, status, page, now }).await.unwrap()
    };
    read_pages(limit, read).await
}

fn ids(reservations: &[Reservation]) -> Vec<ReservationId> {
    reservations.iter().map(|reservation| reservation.id).collect()
}

/// Holds of a seat each, made at these distances from now.
async fn holds_made_at(stage: &Stage, guest: Guest, show: &Show, microseconds: &[i64]) -> Vec<Reservation> {
    let (mut holds, now) = (Vec::new(), stage.now());
    for (seat, distance) in (1..).zip(microseconds) {
        let mut held = stage.decide_hold(guest, show, &[seat], Duration::minutes(5)).await;
        held.reservation.reserved_at = now + Duration::microseconds(*distance);
        stage.ports.inventory.commit_hold(&held).await.unwrap();
        holds.push(held.reservation);
    }
    holds
}

async fn an_unknown_reservation_is_not_found(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1]).await;
    assert_eq!(stage.ports.reservations.find(guest.user, new_id()).await.unwrap(), None);
}

async fn the_reservation_of_another_user_is_not_found(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(other, &show, &[1]).await;
    assert_eq!(stage.ports.reservations.find(guest.user, reservation.id).await.unwrap(), None);
    assert_eq!(stage.ports.reservations.find(other.user, reservation.id).await.unwrap(), Some(reservation));
}

async fn the_reservations_of_another_user_are_not_listed(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.hold(other, &show, &[2]).await;
    for status in [None, Some(ReservationStatus::Reserved)] {
        assert_eq!(list(&stage, guest.user, status, 10).await, std::slice::from_ref(&reservation));
    }
}

async fn every_reservation_of_a_list_has_its_own_seats(stage: Stage) {
    let (guest, show, elsewhere) = (stage.guest().await, stage.schedule().await, stage.schedule().await);
    let mut expected = vec![
        stage.hold(guest, &show, &[3, 1]).await,
        stage.hold(guest, &elsewhere, &[1, 2, 50]).await,
        stage.hold(guest, &show, &[2]).await,
    ];
    expected[0].seats.sort_by_key(|seat| seat.number);
    expected.reverse();
    assert_eq!(list(&stage, guest.user, None, 10).await, expected, "newest first, seats in order");
}

async fn pages_of_reservations_tell_each_once_newest_first(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let mut expected = holds_made_at(&stage, guest, &show, &[3, 1, 2, 5, 4]).await;
    expected.sort_by_key(|reservation| std::cmp::Reverse(reservation.reserved_at));
    for limit in [1, 2, 4, 5, 200] {
        assert_eq!(ids(&list(&stage, guest.user, None, limit).await), ids(&expected), "{limit} a page");
    }
}

async fn pages_of_reservations_made_at_one_instant_tell_each_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let mut expected = holds_made_at(&stage, guest, &show, &[0, 1, 1, 1, 1, 2, 2]).await;
    expected.sort_by_key(|reservation| std::cmp::Reverse((reservation.reserved_at, reservation.id)));
    for limit in [1, 2, 3] {
        assert_eq!(ids(&list(&stage, guest.user, None, limit).await), ids(&expected), "{limit} a page");
    }
}

async fn pages_of_one_status_tell_each_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let mut reserved = holds_made_at(&stage, guest, &show, &[0, 0, 1, 1, 1]).await;
    for seat in 10..15 {
        stage.hold_that_ran_out(guest, &show, &[seat]).await;
    }
    reserved.sort_by_key(|reservation| std::cmp::Reverse((reservation.reserved_at, reservation.id)));
    for limit in [1, 2, 5] {
        let read = list(&stage, guest.user, Some(ReservationStatus::Reserved), limit).await;
        assert_eq!(ids(&read), ids(&reserved), "{limit} a page");
    }
    let page = domain::page::PageRequest { after: None, limit: page_limit(5) };
    let (user, status, now) = (guest.user, Some(ReservationStatus::Reserved), stage.now());
    let page = stage.ports.reservations.list(&ReservationQuery { user, status, page, now }).await.unwrap();
    assert_eq!(page.next, None, "expected a page that is just full to be the last");
}

async fn a_list_can_be_narrowed_to_one_status(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (paid, _) = stage.hold_and_pay(guest, &show, &[1]).await;
    let guest = stage.guest_again(guest.user).await;
    let cancelled = stage.hold(guest, &show, &[2]).await;
    stage.ports.inventory.commit_cancel(&guest.decide_cancel(&cancelled)).await.unwrap();
    let noted = stage.hold_that_ran_out(guest, &show, &[3]).await;
    stage.ports.inventory.tidy_run_out_holds(10).await.unwrap();
    let run_out = stage.hold_that_ran_out(guest, &show, &[4]).await;
    let reserved = stage.hold(guest, &show, &[5]).await;
    let all = [&reserved, &run_out, &noted, &cancelled, &paid].map(|reservation| reservation.id);
    for (status, expected) in [
        (None, &all[..]),
        (Some(ReservationStatus::Reserved), &[reserved.id]),
        (Some(ReservationStatus::Expired), &[run_out.id, noted.id]),
        (Some(ReservationStatus::Cancelled), &[cancelled.id]),
        (Some(ReservationStatus::Paid), &[paid.id]),
    ] {
        assert_eq!(ids(&list(&stage, guest.user, status, 10).await), expected, "{status:?}");
    }
}

async fn a_hold_counts_as_expired_from_the_instant_it_runs_out(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    let just_before = reservation.expires_at - Duration::microseconds(1);
    for (now, reserved, expired) in [(just_before, 1, 0), (reservation.expires_at, 0, 1)] {
        let as_reserved = list_at(&stage, guest.user, Some(ReservationStatus::Reserved), 10, now).await;
        let as_expired = list_at(&stage, guest.user, Some(ReservationStatus::Expired), 10, now).await;
        assert_eq!((as_reserved.len(), as_expired.len()), (reserved, expired), "at {now}");
    }
}

async fn a_hold_that_was_noted_as_expired_is_listed_as_expired(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold_that_ran_out(guest, &show, &[1, 2]).await;
    stage.ports.inventory.tidy_run_out_holds(10).await.unwrap();
    let expired = Reservation { status: ReservationStatus::Expired, ..reservation };
    assert_eq!(list(&stage, guest.user, Some(ReservationStatus::Expired), 10).await, [expired]);
}
