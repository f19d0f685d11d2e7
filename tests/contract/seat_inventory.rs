//! Holding seats: what a decision is made from, and every condition under which it is committed.

use chrono::Duration;
use domain::{
    catalog::{Occupancy, SeatStatus},
    commit::Commit,
    idempotency::IdempotencyRecord,
    money::Money,
    reservation::{Reservation, ReservationStatus, SeatSeen, SeatsHeld, Show},
    waiting_room::TicketState,
};

use crate::stage::{Guest, PRICE, Stage, idempotency_key, keyed, new_id, number};

encore_tests::on_every_store! {
    crate::stage;
    what_a_hold_is_decided_from_is_loaded_at_once,
    seats_held_are_counted_until_their_hold_runs_out,
    seats_that_are_paid_cancelled_or_anothers_are_not_counted,
    an_unknown_schedule_has_no_show_and_no_seat,
    seats_are_seen_as_they_are_with_who_holds_them,
    a_schedule_is_seen_as_it_is_whether_or_not_it_was_listed_before,
    a_seat_that_the_schedule_left_out_is_not_loaded,
    the_ticket_of_another_user_is_no_turn,
    a_waiting_ticket_is_told_where_it_stands,
    a_hold_is_found_as_it_was_decided,
    prices_with_decimals_are_kept,
    a_hold_marks_its_seats_and_no_others,
    a_hold_counts_as_one_made,
    one_seat_that_is_held_spoils_the_whole_hold,
    one_seat_that_is_sold_spoils_the_whole_hold,
    a_seat_that_one_holds_oneself_can_not_be_held_again,
    a_seat_that_does_not_exist_spoils_the_whole_hold,
    the_seat_of_the_same_number_in_another_schedule_is_another,
    a_seat_can_be_taken_over_as_soon_as_its_hold_has_run_out,
    a_seat_can_be_held_again_by_whoever_let_it_run_out,
    seats_are_not_held_with_the_wrong_ticket,
    a_hold_that_came_in_between_makes_the_next_one_stale,
    a_hold_of_another_user_that_came_in_between_does_not,
    a_key_is_stored_with_the_hold,
    a_key_that_is_used_makes_the_next_hold_stale,
    a_stale_hold_does_not_use_its_key_up,
    a_key_counts_for_one_user,
}

async fn commit(stage: &Stage, held: &SeatsHeld) -> Commit<()> {
    stage.ports.inventory.commit_hold(held).await.unwrap()
}

/// Insists that a hold is stale, and that nothing at all has changed.
async fn expect_stale(stage: &Stage, held: &SeatsHeld, why: &str) {
    let seats = stage.seats(&held.reservation.show).await;
    let outcome = stage.without_a_trace(commit(stage, held)).await;
    assert_eq!(outcome, Commit::Stale, "expected a hold to be stale: {why}");
    assert_eq!(stage.seats(&held.reservation.show).await, seats, "expected every seat to stay: {why}");
    let found = stage.ports.reservations.find(held.reservation.user, held.reservation.id).await.unwrap();
    assert_eq!(found, None, "expected no reservation: {why}");
}

async fn seats_held(stage: &Stage, guest: Guest, show: &Show, now: domain::time::Timestamp) -> usize {
    let request = guest.hold_request(show, &[50]);
    stage.ports.inventory.load_for_hold(&request, None, now).await.unwrap().holds.seats_held
}

const FIVE_MINUTES: Duration = Duration::minutes(5);

async fn what_a_hold_is_decided_from_is_loaded_at_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1, 2]).await;
    let request = guest.hold_request(&show, &[30, 3, 2]);
    let facts = stage.ports.inventory.load_for_hold(&request, None, stage.now()).await.unwrap();
    let ticket = facts.ticket.expect("there is such a ticket");
    assert_eq!(ticket, stage.ticket(guest.ticket).await);
    assert_eq!(facts.recorded, None);
    let (loaded_show, sales) = facts.show.expect("there is such a schedule");
    assert_eq!(loaded_show, show);
    assert_eq!(sales, stage.ports.catalog.seats(show.schedule).await.unwrap().unwrap().0.sales);
    let all = stage.seats(&show).await;
    assert_eq!(
        facts.seats,
        [all[1].clone(), all[2].clone(), all[29].clone()],
        "in the order of their numbers"
    );
    assert_eq!((facts.holds.seats_held, facts.holds.holds_made), (2, 1));
}

async fn seats_held_are_counted_until_their_hold_runs_out(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2]).await;
    let just_before = reservation.expires_at - Duration::microseconds(1);
    assert_eq!(seats_held(&stage, guest, &show, just_before).await, 2);
    assert_eq!(seats_held(&stage, guest, &show, reservation.expires_at).await, 0);
}

async fn seats_that_are_paid_cancelled_or_anothers_are_not_counted(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (other, elsewhere) = (stage.guest().await, stage.schedule().await);
    stage.hold(other, &show, &[1]).await;
    stage.hold(guest, &elsewhere, &[1, 2]).await;
    let cancelled = stage.hold(guest, &show, &[2]).await;
    let released = guest.decide_cancel(&cancelled);
    assert_eq!(stage.ports.inventory.commit_cancel(&released).await.unwrap(), Commit::Committed(()));
    stage.hold_and_pay(guest, &show, &[3]).await;
    let guest = stage.guest_again(guest.user).await;
    stage.hold(guest, &show, &[4, 5, 6]).await;
    assert_eq!(seats_held(&stage, guest, &show, stage.now()).await, 3);
}

async fn an_unknown_schedule_has_no_show_and_no_seat(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let unknown = Show { schedule: new_id(), ..show };
    let request = guest.hold_request(&unknown, &[1]);
    let facts = stage.ports.inventory.load_for_hold(&request, None, stage.now()).await.unwrap();
    assert_eq!((facts.show, facts.seats), (None, vec![]));
}

async fn seats_are_seen_as_they_are_with_who_holds_them(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let held = stage.hold(guest, &show, &[1, 2]).await;
    let ran_out = stage.hold_that_ran_out(guest, &show, &[3]).await;
    let sold = stage.hold_and_pay(other, &show, &[4]).await;
    let seen =
        stage.ports.inventory.see_seats(show.schedule).await.unwrap().expect("there is such a schedule");
    let listed = stage.seats(&show).await;
    let as_listed = seen.seats.iter().zip(&listed);
    assert!(
        as_listed.clone().all(|(seen, listed)| seen.number == listed.number),
        "expected all seats in order"
    );
    assert!(
        as_listed.clone().all(|(seen, listed)| seen.occupancy == listed.occupancy),
        "{seen:?} {listed:?}"
    );
    assert_eq!(seen.seats.len(), listed.len(), "expected all seats of the schedule");
    let having = |reservation| {
        let has = move |seen: &&SeatSeen| match seen.occupancy {
            Occupancy::Held { by, .. } => by == reservation,
            Occupancy::Sold { to } => to == reservation,
            Occupancy::Free => false,
        };
        seen.seats.iter().filter(has).map(|seen| (seen.number.get(), seen.holder)).collect::<Vec<_>>()
    };
    assert_eq!(having(held.id), [(1, Some(guest.user)), (2, Some(guest.user))]);
    assert_eq!(having(ran_out.id), [(3, Some(guest.user))]);
    assert_eq!(having(sold.0.id), [(4, None)]);
    let released = guest.decide_cancel(&held);
    assert_eq!(stage.ports.inventory.commit_cancel(&released).await.unwrap(), Commit::Committed(()));
    let seen = stage.ports.inventory.see_seats(show.schedule).await.unwrap().expect("it is still there");
    assert!(seen.seats[..2].iter().all(|seat| seat.occupancy == Occupancy::Free && seat.holder.is_none()));
}

async fn a_schedule_is_seen_as_it_is_whether_or_not_it_was_listed_before(stage: Stage) {
    let show = stage.schedule().await;
    let first = stage.ports.inventory.see_seats(show.schedule).await.unwrap();
    let (schedule, seats) = stage.ports.catalog.seats(show.schedule).await.unwrap().expect("it is there");
    let again = stage.ports.inventory.see_seats(show.schedule).await.unwrap();
    assert_eq!(first, again);
    let seen = first.expect("it is there");
    assert_eq!((seen.sales, seen.seats.len()), (schedule.sales, seats.len()));
    assert_eq!(stage.ports.inventory.see_seats(new_id()).await.unwrap(), None);
}

async fn a_seat_that_the_schedule_left_out_is_not_loaded(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 2, PRICE).await);
    let request = guest.hold_request(&show, &[2, 3]);
    let facts = stage.ports.inventory.load_for_hold(&request, None, stage.now()).await.unwrap();
    let numbers: Vec<_> = facts.seats.iter().map(|seat| seat.number).collect();
    assert_eq!(numbers, [number(2)]);
}

async fn the_ticket_of_another_user_is_no_turn(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    for ticket in [other.ticket, new_id()] {
        let request = Guest { ticket, ..guest }.hold_request(&show, &[1]);
        let facts = stage.ports.inventory.load_for_hold(&request, None, stage.now()).await.unwrap();
        assert_eq!(facts.ticket, None, "expected a ticket that is not the user's not to be found");
    }
}

async fn a_waiting_ticket_is_told_where_it_stands(stage: Stage) {
    let show = stage.schedule().await;
    stage.max_active(1).await;
    stage.guest().await;
    stage.newcomer().await;
    let waiting = stage.newcomer().await.ticket;
    let request = Guest { user: waiting.user, ticket: waiting.id }.hold_request(&show, &[1]);
    let facts = stage.ports.inventory.load_for_hold(&request, None, stage.now()).await.unwrap();
    assert_eq!(facts.ticket.expect("there is such a ticket").state, TicketState::Waiting);
}

async fn a_hold_is_found_as_it_was_decided(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[4, 11, 50]).await;
    assert_eq!(reservation.status, ReservationStatus::Reserved);
    assert_eq!(stage.reservation(&reservation).await, reservation);
}

async fn prices_with_decimals_are_kept(stage: Stage) {
    let price = Money::from_minor(33_333);
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 3, price).await);
    let mut held = stage.decide_hold(guest, &show, &[1, 2, 3], FIVE_MINUTES).await;
    held.reservation.total_price = Money::from_minor(99_999);
    held.reservation.seats.iter_mut().for_each(|seat| seat.price = price);
    assert_eq!(commit(&stage, &held).await, Commit::Committed(()));
    assert_eq!(stage.reservation(&held.reservation).await, held.reservation);
}

async fn a_hold_marks_its_seats_and_no_others(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[2, 3]).await;
    let held = Occupancy::Held { by: reservation.id, until: reservation.expires_at };
    for seat in stage.seats(&show).await {
        let expected = if [number(2), number(3)].contains(&seat.number) { held } else { Occupancy::Free };
        assert_eq!(seat.occupancy, expected, "{:?}", seat.number);
    }
}

async fn a_hold_counts_as_one_made(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1, 2]).await;
    stage.hold(guest, &show, &[3]).await;
    assert_eq!((stage.holds_made(guest).await, stage.holds_made(other).await), (2, 0));
}

async fn one_seat_that_is_held_spoils_the_whole_hold(stage: Stage) {
    let (holder, guest, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    stage.hold(holder, &show, &[2]).await;
    let held = stage.decide_hold(guest, &show, &[1, 2, 3], FIVE_MINUTES).await;
    expect_stale(&stage, &held, "a seat is held").await;
    let free = [SeatStatus::Available, SeatStatus::Held, SeatStatus::Available];
    assert_eq!(stage.seat_statuses(&show, &[1, 2, 3]).await, free);
}

async fn one_seat_that_is_sold_spoils_the_whole_hold(stage: Stage) {
    let (buyer, guest, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    stage.hold_and_pay(buyer, &show, &[2]).await;
    let held = stage.decide_hold(guest, &show, &[1, 2, 3], FIVE_MINUTES).await;
    expect_stale(&stage, &held, "a seat is sold").await;
    let free = [SeatStatus::Available, SeatStatus::Sold, SeatStatus::Available];
    assert_eq!(stage.seat_statuses(&show, &[1, 2, 3]).await, free);
}

async fn a_seat_that_one_holds_oneself_can_not_be_held_again(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[2]).await;
    let held = stage.decide_hold(guest, &show, &[1, 2], FIVE_MINUTES).await;
    expect_stale(&stage, &held, "a seat is held already").await;
}

async fn a_seat_that_does_not_exist_spoils_the_whole_hold(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 2, PRICE).await);
    let held = stage.decide_hold(guest, &show, &[2, 3], FIVE_MINUTES).await;
    expect_stale(&stage, &held, "there is no seat 3").await;
}

async fn the_seat_of_the_same_number_in_another_schedule_is_another(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (other, elsewhere) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1]).await;
    stage.hold(other, &elsewhere, &[1]).await;
    let (here, there) = (stage.seats(&show).await, stage.seats(&elsewhere).await);
    assert_ne!(here[0].occupancy, there[0].occupancy);
}

async fn a_seat_can_be_taken_over_as_soon_as_its_hold_has_run_out(stage: Stage) {
    let (late, guest, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let lost = stage.hold_that_ran_out(late, &show, &[1, 2]).await;
    let taken = stage.hold(guest, &show, &[2, 3]).await;
    let held = Occupancy::Held { by: taken.id, until: taken.expires_at };
    let seats = stage.seats(&show).await;
    assert_eq!((seats[1].occupancy, seats[2].occupancy), (held, held));
    assert_eq!(seats[0].occupancy, Occupancy::Held { by: lost.id, until: lost.expires_at });
    assert_eq!(stage.reservation(&lost).await, lost, "expected nothing but the seat to be taken");
}

async fn a_seat_can_be_held_again_by_whoever_let_it_run_out(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold_that_ran_out(guest, &show, &[1]).await;
    let again: Reservation = stage.hold(guest, &show, &[1]).await;
    assert_eq!(
        stage.seats(&show).await[0].occupancy,
        Occupancy::Held { by: again.id, until: again.expires_at }
    );
}

async fn seats_are_not_held_with_the_wrong_ticket(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage
        .with_every_wrong_ticket(guest, async |why, ticket| {
            let held = stage.decide_hold(Guest { ticket, ..guest }, &show, &[1], FIVE_MINUTES).await;
            expect_stale(&stage, &held, why).await;
        })
        .await;
}

async fn a_hold_that_came_in_between_makes_the_next_one_stale(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let decided = stage.decide_hold(guest, &show, &[1, 2, 3], FIVE_MINUTES).await;
    stage.hold(guest, &show, &[4, 5, 6]).await;
    expect_stale(&stage, &decided, "the user has made another hold").await;
}

async fn a_hold_of_another_user_that_came_in_between_does_not(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let decided = stage.decide_hold(guest, &show, &[1], FIVE_MINUTES).await;
    stage.hold(other, &show, &[2]).await;
    assert_eq!(commit(&stage, &decided).await, Commit::Committed(()));
}

async fn a_key_is_stored_with_the_hold(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let held = SeatsHeld { keyed: keyed("key"), ..stage.decide_hold(guest, &show, &[1], FIVE_MINUTES).await };
    assert_eq!(commit(&stage, &held).await, Commit::Committed(()));
    let request = guest.hold_request(&show, &[1]);
    for (key, expected) in [("key", Some(held.reservation.id.0)), ("other", None)] {
        let facts =
            stage.ports.inventory.load_for_hold(&request, Some(idempotency_key(key)), stage.now()).await;
        let fingerprint = keyed(key).unwrap().fingerprint;
        let expected = expected.map(|result| IdempotencyRecord { fingerprint, result });
        assert_eq!(facts.unwrap().recorded, expected, "under {key}");
        let is_used = stage.ports.inventory.is_key_used(guest.user, &idempotency_key(key)).await;
        assert_eq!(is_used.unwrap(), expected.is_some(), "whether {key} is used");
    }
}

async fn a_key_that_is_used_makes_the_next_hold_stale(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let held = SeatsHeld { keyed: keyed("key"), ..stage.decide_hold(guest, &show, &[1], FIVE_MINUTES).await };
    assert_eq!(commit(&stage, &held).await, Commit::Committed(()));
    let again =
        SeatsHeld { keyed: keyed("key"), ..stage.decide_hold(guest, &show, &[2], FIVE_MINUTES).await };
    expect_stale(&stage, &again, "its key is used").await;
}

async fn a_stale_hold_does_not_use_its_key_up(stage: Stage) {
    let (holder, guest, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    stage.hold(holder, &show, &[1]).await;
    let stale =
        SeatsHeld { keyed: keyed("key"), ..stage.decide_hold(guest, &show, &[1], FIVE_MINUTES).await };
    expect_stale(&stage, &stale, "a seat is held").await;
    let held = SeatsHeld { keyed: keyed("key"), ..stage.decide_hold(guest, &show, &[2], FIVE_MINUTES).await };
    assert_eq!(commit(&stage, &held).await, Commit::Committed(()));
}

async fn a_key_counts_for_one_user(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    for (guest, seat) in [(guest, 1), (other, 2)] {
        let decided = stage.decide_hold(guest, &show, &[seat], FIVE_MINUTES).await;
        assert_eq!(
            commit(&stage, &SeatsHeld { keyed: keyed("key"), ..decided }).await,
            Commit::Committed(())
        );
    }
}
