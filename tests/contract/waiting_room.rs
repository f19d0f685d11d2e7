//! The waiting room as those who wait know it: joining, standing, leaving.

use std::collections::HashSet;

use adapter_persistence::Store;
use chrono::Duration;
use domain::{
    ids::{TicketId, UserId},
    waiting_room::{EndReason, Joined, Left, Newcomer, RoomPolicy, Ticket, TicketState},
};
use futures_util::future::join_all;

use crate::stage::{Stage, ended, is_active, new_id};

encore_tests::on_every_store! {
    crate::stage;
    numbers_are_handed_out_from_one_in_the_order_of_arrival,
    who_joins_while_a_slot_is_free_and_nobody_waits_is_admitted_at_once,
    who_joins_while_no_slot_is_free_waits,
    a_ticket_is_found_as_it_was_issued,
    a_hundred_who_join_at_once_get_numbers_without_gaps_or_repeats,
    instances_hand_out_numbers_from_one_counter,
    whoever_waits_gets_the_same_ticket_again,
    whoever_has_the_turn_gets_the_same_ticket_again,
    a_user_who_joins_many_times_at_once_gets_one_ticket,
    whoever_left_joins_behind_all_others,
    whoever_paid_can_join_again,
    whoever_let_the_turn_run_out_can_join_again,
    an_unknown_user_takes_no_number,
    an_unknown_ticket_stands_nowhere,
    the_number_of_people_ahead_is_exact_when_somebody_in_the_middle_leaves,
    whoever_does_not_wait_has_nobody_ahead,
    admissions_of_the_last_minute_are_measured,
    leaving_a_turn_frees_a_slot,
    leaving_the_queue_frees_no_slot,
    who_is_not_there_can_not_leave,
    whoever_joins_or_leaves_fills_the_slots_that_ran_out,
    a_turn_that_ran_out_can_not_be_left,
    of_simultaneous_leavers_with_one_ticket_one_leaves,
    the_operator_sees_how_many_wait_and_how_many_are_inside,
    a_turn_that_ran_out_does_not_count_as_inside,
}

fn newcomer(user: UserId) -> Newcomer {
    Newcomer { user, ticket: new_id() }
}

async fn again(stage: &Stage, user: UserId) -> Ticket {
    match stage.ports.room.join(newcomer(user)).await.unwrap() {
        Joined::Again(ticket) => ticket,
        other => panic!("expected the live ticket again, got {other:?}"),
    }
}

async fn users(stage: &Stage, number: usize) -> Vec<UserId> {
    join_all((0..number).map(|_| stage.user())).await
}

async fn leave(stage: &Stage, ticket: TicketId) -> Left {
    stage.ports.room.leave(ticket).await.unwrap()
}

async fn last_number(stage: &Stage) -> u64 {
    stage.overview().await.issued
}

async fn numbers_are_handed_out_from_one_in_the_order_of_arrival(stage: Stage) {
    stage.max_active(2).await;
    for number in 1..=5 {
        let ticket = stage.newcomer().await.ticket;
        assert_eq!(ticket.number, number);
        assert_eq!(last_number(&stage).await, number);
    }
}

async fn who_joins_while_a_slot_is_free_and_nobody_waits_is_admitted_at_once(stage: Stage) {
    let ticket = stage.newcomer().await.ticket;
    let expires_at = ticket.issued_at + RoomPolicy::default().session;
    assert_eq!(ticket.state, TicketState::Active { expires_at, claimed: true }, "whoever joins is there");
}

async fn who_joins_while_no_slot_is_free_waits(stage: Stage) {
    stage.max_active(2).await;
    stage.guests(2).await;
    for ahead in 0..3 {
        let standing = stage.newcomer().await;
        assert_eq!(standing.ticket.state, TicketState::Waiting);
        assert_eq!((standing.ahead, standing.waiting), (ahead, ahead + 1));
    }
}

async fn a_ticket_is_found_as_it_was_issued(stage: Stage) {
    stage.max_active(1).await;
    for active in [true, false] {
        let newcomer = newcomer(stage.user().await);
        let Joined::Issued(issued) = stage.ports.room.join(newcomer).await.unwrap() else {
            panic!("expected a new ticket");
        };
        assert_eq!((issued.id, issued.user), (newcomer.ticket, newcomer.user));
        assert_eq!(is_active(&issued), active);
        assert_eq!(stage.ticket(newcomer.ticket).await, issued);
    }
}

/// Insists that tickets have the numbers from 1 to the last, in the order in which they were issued.
async fn expect_numbers_in_order(stage: &Stage, mut tickets: Vec<Ticket>) {
    tickets.sort_by_key(|ticket| ticket.number);
    let numbers: Vec<_> = tickets.iter().map(|ticket| ticket.number).collect();
    let expected: Vec<_> = (1..).take(tickets.len()).collect();
    assert_eq!(numbers, expected, "expected every number once");
    assert!(
        tickets.is_sorted_by_key(|ticket| ticket.issued_at),
        "expected who has a lower number to have come earlier"
    );
    stage.check_invariants().await;
}

async fn a_hundred_who_join_at_once_get_numbers_without_gaps_or_repeats(stage: Stage) {
    let users = users(&stage, 100).await;
    stage.max_active(10).await;
    let tickets = stage.at_the_same_time(users.into_iter().map(|user| stage.issue(user))).await;
    for ticket in &tickets {
        assert_eq!(
            is_active(ticket),
            ticket.number <= 10,
            "expected the first ten to be inside, got {ticket:?}"
        );
    }
    expect_numbers_in_order(&stage, tickets).await;
}

async fn instances_hand_out_numbers_from_one_counter(stage: Stage) {
    let users = users(&stage, 60).await;
    let other = Store::open(&stage.database.address(), 20).await.unwrap().ports();
    let joins = users.into_iter().enumerate().map(|(place, user)| {
        let room = if place % 2 == 0 { &stage.ports.room } else { &other.room };
        room.join(newcomer(user))
    });
    let tickets = stage.at_the_same_time(joins).await.into_iter().map(|joined| match joined.unwrap() {
        Joined::Issued(ticket) => ticket,
        other => panic!("expected a new ticket, got {other:?}"),
    });
    expect_numbers_in_order(&stage, tickets.collect()).await;
}

async fn whoever_waits_gets_the_same_ticket_again(stage: Stage) {
    stage.max_active(1).await;
    stage.guest().await;
    let waiting = stage.newcomer().await;
    stage.newcomer().await;
    assert_eq!(again(&stage, waiting.ticket.user).await, waiting.ticket);
    assert_eq!(last_number(&stage).await, 3, "expected no number to be used up");
}

async fn whoever_has_the_turn_gets_the_same_ticket_again(stage: Stage) {
    let first = stage.newcomer().await;
    assert_eq!(again(&stage, first.ticket.user).await, first.ticket, "expected a turn not to be prolonged");
    assert_eq!(last_number(&stage).await, 1, "expected no number to be used up");
}

async fn a_user_who_joins_many_times_at_once_gets_one_ticket(stage: Stage) {
    let user = stage.user().await;
    let joins = (0..20).map(|_| stage.ports.room.join(newcomer(user)));
    let joined: Vec<_> = stage.at_the_same_time(joins).await.into_iter().map(Result::unwrap).collect();
    let issued = joined.iter().filter(|joined| matches!(joined, Joined::Issued(_))).count();
    let tickets: HashSet<_> = joined
        .iter()
        .map(|joined| match joined {
            Joined::Issued(ticket) | Joined::Again(ticket) => ticket.id,
            other => panic!("expected a ticket, got {other:?}"),
        })
        .collect();
    assert_eq!((issued, tickets.len()), (1, 1), "expected one ticket, got {joined:?}");
    assert_eq!(last_number(&stage).await, 1);
}

async fn whoever_left_joins_behind_all_others(stage: Stage) {
    stage.max_active(1).await;
    stage.guest().await;
    let left = stage.newcomer().await.ticket;
    stage.newcomer().await;
    stage.leave(left.id).await;
    let again = stage.join(left.user).await;
    assert_eq!((again.ticket.number, again.ahead), (4, 1));
    assert_ne!(again.ticket.id, left.id);
}

async fn whoever_paid_can_join_again(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold_and_pay(guest, &show, &[1]).await;
    assert_eq!(stage.join(guest.user).await.ticket.number, 2);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::Paid));
}

async fn whoever_let_the_turn_run_out_can_join_again(stage: Stage) {
    let guest = stage.guest().await;
    stage.run_out_turn(guest.ticket).await;
    assert_eq!(stage.join(guest.user).await.ticket.number, 2);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::TimedOut));
}

async fn an_unknown_user_takes_no_number(stage: Stage) {
    let refused = stage.without_a_trace(stage.ports.room.join(newcomer(new_id()))).await.unwrap();
    assert_eq!(refused, Joined::UnknownUser);
    assert_eq!(stage.newcomer().await.ticket.number, 1, "expected no gap");
}

async fn an_unknown_ticket_stands_nowhere(stage: Stage) {
    stage.newcomer().await;
    assert_eq!(stage.ports.room.find(new_id()).await.unwrap(), None);
}

async fn the_number_of_people_ahead_is_exact_when_somebody_in_the_middle_leaves(stage: Stage) {
    stage.max_active(1).await;
    stage.guest().await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(stage.newcomer().await.ticket.id);
    }
    stage.leave(waiting[2]).await;
    stage.leave(waiting[0]).await;
    for (place, ahead) in [(1, 0), (3, 1), (4, 2)] {
        let standing = stage.standing(waiting[place]).await;
        assert_eq!((standing.ahead, standing.waiting), (ahead, 3), "whoever came as number {place}");
    }
}

async fn whoever_does_not_wait_has_nobody_ahead(stage: Stage) {
    stage.max_active(2).await;
    let (gone, inside) = (stage.guest().await, stage.guest().await);
    stage.newcomer().await;
    stage.newcomer().await;
    stage.leave(gone.ticket).await;
    for guest in [gone, inside] {
        let standing = stage.standing(guest.ticket).await;
        assert_eq!((standing.ahead, standing.waiting), (0, 1), "{:?}", standing.ticket.state);
    }
}

async fn admissions_of_the_last_minute_are_measured(stage: Stage) {
    let guests = stage.guests(3).await;
    stage.leave(guests[1].ticket).await;
    assert_eq!(stage.standing(guests[0].ticket).await.admitted_lately, 3, "expected who left to count");
    let (id, past) = (stage.id(guests[2].ticket.0), stage.instant(stage.now() - Duration::seconds(61)));
    stage.sql(&format!("UPDATE queue_tickets SET admitted_at = {past} WHERE id = {id}")).await;
    assert_eq!(stage.standing(guests[0].ticket).await.admitted_lately, 2);
    assert_eq!(stage.overview().await.admitted_lately, 2);
}

async fn leaving_a_turn_frees_a_slot(stage: Stage) {
    stage.max_active(1).await;
    let guest = stage.guest().await;
    assert_eq!(leave(&stage, guest.ticket).await, Left::Done);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::Left));
    stage.guest().await;
}

async fn leaving_the_queue_frees_no_slot(stage: Stage) {
    stage.max_active(1).await;
    let guest = stage.guest().await;
    let (waiting, next) = (stage.newcomer().await.ticket, stage.newcomer().await.ticket);
    assert_eq!(leave(&stage, waiting.id).await, Left::Done);
    assert_eq!(stage.ticket(waiting.id).await.state, ended(EndReason::Left));
    assert_eq!(
        stage.ports.room.admit().await.unwrap(),
        0,
        "expected nobody to be admitted in the place of who waited"
    );
    assert!(is_active(&stage.ticket(guest.ticket).await), "expected nobody else to be touched");
    assert_eq!(stage.ticket(next.id).await, next);
}

async fn who_is_not_there_can_not_leave(stage: Stage) {
    let guest = stage.guest().await;
    stage.leave(guest.ticket).await;
    for ticket in [guest.ticket, new_id()] {
        let left = stage.without_a_trace(leave(&stage, ticket)).await;
        assert_eq!(left, Left::NotLive);
    }
}

async fn a_turn_that_ran_out_can_not_be_left(stage: Stage) {
    let guest = stage.guest().await;
    stage.run_out_turn(guest.ticket).await;
    assert_eq!(leave(&stage, guest.ticket).await, Left::NotLive);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::TimedOut));
}

async fn of_simultaneous_leavers_with_one_ticket_one_leaves(stage: Stage) {
    let guest = stage.guest().await;
    let left = stage.at_the_same_time((0..20).map(|_| leave(&stage, guest.ticket))).await;
    let done = left.iter().filter(|left| **left == Left::Done).count();
    assert_eq!(done, 1, "expected one to leave, got {left:?}");
}

async fn the_operator_sees_how_many_wait_and_how_many_are_inside(stage: Stage) {
    let empty = stage.overview().await;
    assert_eq!(empty.policy, RoomPolicy::default());
    assert_eq!((empty.waiting, empty.active, empty.issued, empty.admitted_lately), (0, 0, 0, 0));
    stage.max_active(3).await;
    let guests = stage.guests(3).await;
    for _ in 0..4 {
        stage.newcomer().await;
    }
    stage.leave(guests[0].ticket).await;
    let seen = stage.overview().await;
    assert_eq!((seen.waiting, seen.active, seen.issued, seen.admitted_lately), (3, 3, 7, 4));
}

async fn a_turn_that_ran_out_does_not_count_as_inside(stage: Stage) {
    let guests = stage.guests(2).await;
    stage.run_out_turn(guests[0].ticket).await;
    assert_eq!(stage.overview().await.active, 1, "expected nobody to have to note it first");
}

async fn whoever_joins_or_leaves_fills_the_slots_that_ran_out(stage: Stage) {
    stage.max_active(1).await;
    let first = stage.guest().await;
    let (second, third) = (stage.newcomer().await.ticket, stage.newcomer().await.ticket);
    stage.run_out_turn(first.ticket).await;
    stage.newcomer().await;
    assert!(is_active(&stage.ticket(second.id).await), "expected a newcomer to let in who is first");
    stage.run_out_turn(second.id).await;
    let fifth = stage.newcomer().await.ticket;
    assert!(is_active(&stage.ticket(third.id).await), "expected the next to be let in");
    stage.run_out_turn(third.id).await;
    assert_eq!(leave(&stage, fifth.id).await, Left::Done);
    let inside = stage.overview().await.active;
    assert_eq!(inside, 1, "expected who leaves the queue to let in the next");
}
