//! Those who wait and have stopped asking.

use chrono::Duration;
use domain::{
    ids::TicketId,
    waiting_room::{Joined, Newcomer, RollCall, Sign, Ticket, TicketState},
};

use crate::stage::{Guest, Stage, is_active, new_id};

encore_tests::on_every_store! {
    crate::stage;
    who_has_stopped_asking_near_the_front_is_passed_over,
    who_was_passed_over_keeps_the_number_and_goes_on_waiting,
    who_was_passed_over_comes_first_when_back,
    who_was_passed_over_and_joins_again_comes_first,
    who_was_passed_over_is_admitted_at_once_if_a_slot_is_free,
    nobody_is_passed_over_before_the_roll_was_called,
    nobody_is_passed_over_after_a_roll_call_was_missed,
    nobody_is_passed_over_behind_those_who_are_near,
    who_comes_near_the_front_is_believed_to_be_there_for_a_while,
    a_sign_that_comes_late_does_not_shorten_an_earlier_one,
    a_sign_that_is_too_old_brings_nobody_back,
    who_joins_after_a_roll_that_told_too_much_is_newly_near,
    who_is_passed_over_may_leave,
    a_sign_of_somebody_who_does_not_wait_changes_nothing,
    many_who_are_gone_do_not_keep_those_who_are_there_waiting,
}

/// A room for one with somebody inside, and so many who wait.
async fn queue(stage: &Stage, waiting: usize) -> (Guest, Vec<Ticket>) {
    stage.max_active(1).await;
    let inside = stage.guest().await;
    let mut tickets = Vec::new();
    for _ in 0..waiting {
        tickets.push(stage.newcomer().await.ticket);
    }
    (inside, tickets)
}

async fn call_roll(stage: &Stage, near_up_to: u64, signs: Vec<Sign>) -> u64 {
    stage.ports.room.call_roll(&RollCall { signs, near_up_to }).await.unwrap()
}

fn sign(ticket: &Ticket, stage: &Stage, seconds: i64) -> Sign {
    Sign { number: ticket.number, present_until: stage.now() + Duration::seconds(seconds) }
}

/// Lets somebody have been silent for too long, as far as the store knows.
async fn silent(stage: &Stage, ticket: &Ticket) {
    let (id, past) = (stage.id(ticket.id.0), stage.instant(stage.now() - Duration::seconds(1)));
    stage.sql(&format!("UPDATE queue_tickets SET present_until = {past} WHERE id = {id}")).await;
}

async fn is_passed_over(stage: &Stage, ticket: TicketId) -> bool {
    let id = stage.id(ticket.0);
    stage.number(&format!("SELECT count(*) FROM queue_tickets WHERE id = {id} AND passed_over")).await == 1
}

async fn is_inside(stage: &Stage, ticket: &Ticket) -> bool {
    is_active(&stage.ticket(ticket.id).await)
}

/// A room for one in which the second was admitted, since the first of those who wait was silent.
async fn passed_over(stage: &Stage) -> (Ticket, Ticket, Ticket) {
    let (inside, tickets) = queue(stage, 3).await;
    call_roll(stage, 4, vec![]).await;
    silent(stage, &tickets[0]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(stage, &tickets[1]).await, "expected the next who is there to be admitted");
    (tickets[0], tickets[1], tickets[2])
}

async fn who_has_stopped_asking_near_the_front_is_passed_over(stage: Stage) {
    let (gone, _, behind) = passed_over(&stage).await;
    assert!(is_passed_over(&stage, gone.id).await);
    assert!(!is_passed_over(&stage, behind.id).await);
}

async fn who_was_passed_over_keeps_the_number_and_goes_on_waiting(stage: Stage) {
    let (gone, _, behind) = passed_over(&stage).await;
    assert_eq!(stage.ticket(gone.id).await, gone);
    let standing = stage.standing(behind.id).await;
    assert_eq!((standing.ahead, standing.there_ahead, standing.waiting), (1, 0, 2));
    assert_eq!(stage.overview().await.passed_over, 1);
}

async fn who_was_passed_over_comes_first_when_back(stage: Stage) {
    let (back, inside, behind) = passed_over(&stage).await;
    assert_eq!(call_roll(&stage, 4, vec![sign(&back, &stage, 60)]).await, 0, "expected no slot to be free");
    assert!(!is_passed_over(&stage, back.id).await);
    stage.leave(inside.id).await;
    assert!(is_inside(&stage, &back).await && !is_inside(&stage, &behind).await);
}

async fn who_was_passed_over_and_joins_again_comes_first(stage: Stage) {
    let (back, inside, behind) = passed_over(&stage).await;
    let newcomer = Newcomer { user: back.user, ticket: new_id() };
    assert_eq!(stage.ports.room.join(newcomer).await.unwrap(), Joined::Again(back));
    stage.leave(inside.id).await;
    assert!(is_inside(&stage, &back).await && !is_inside(&stage, &behind).await);
}

async fn who_was_passed_over_is_admitted_at_once_if_a_slot_is_free(stage: Stage) {
    let (back, inside, behind) = passed_over(&stage).await;
    silent(&stage, &behind).await;
    stage.leave(inside.id).await;
    assert_eq!(stage.overview().await.active, 0, "expected nobody to be there");
    assert_eq!(call_roll(&stage, 4, vec![sign(&back, &stage, 60)]).await, 1);
    let state = stage.ticket(back.id).await.state;
    assert!(matches!(state, TicketState::Active { claimed: false, .. }), "expected a turn, got {state:?}");
}

async fn nobody_is_passed_over_before_the_roll_was_called(stage: Stage) {
    let (inside, tickets) = queue(&stage, 2).await;
    silent(&stage, &tickets[0]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[0]).await, "expected the first to be believed to be there");
}

async fn nobody_is_passed_over_after_a_roll_call_was_missed(stage: Stage) {
    let (inside, tickets) = queue(&stage, 2).await;
    call_roll(&stage, 3, vec![]).await;
    silent(&stage, &tickets[0]).await;
    let long_ago = stage.instant(stage.now() - Duration::seconds(11));
    stage.sql(&format!("UPDATE waiting_room SET roll_called_at = {long_ago}")).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[0]).await, "expected nobody to know who asked since");
}

async fn nobody_is_passed_over_behind_those_who_are_near(stage: Stage) {
    let (inside, tickets) = queue(&stage, 2).await;
    call_roll(&stage, tickets[0].number - 1, vec![]).await;
    silent(&stage, &tickets[0]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[0]).await, "expected the first to be believed to be there");
}

async fn who_comes_near_the_front_is_believed_to_be_there_for_a_while(stage: Stage) {
    let (inside, tickets) = queue(&stage, 2).await;
    silent(&stage, &tickets[0]).await;
    call_roll(&stage, 3, vec![]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[0]).await, "expected time for instances to tell who is there");
}

async fn a_sign_that_comes_late_does_not_shorten_an_earlier_one(stage: Stage) {
    let (inside, tickets) = queue(&stage, 2).await;
    call_roll(&stage, 3, vec![sign(&tickets[0], &stage, 60)]).await;
    call_roll(&stage, 3, vec![sign(&tickets[0], &stage, -5)]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[0]).await);
}

async fn a_sign_that_is_too_old_brings_nobody_back(stage: Stage) {
    let (gone, _, _) = passed_over(&stage).await;
    call_roll(&stage, 4, vec![sign(&gone, &stage, -1)]).await;
    assert!(is_passed_over(&stage, gone.id).await);
}

async fn who_joins_after_a_roll_that_told_too_much_is_newly_near(stage: Stage) {
    let (inside, _) = queue(&stage, 0).await;
    call_roll(&stage, 1_000, vec![]).await;
    let late = stage.newcomer().await.ticket;
    silent(&stage, &late).await;
    call_roll(&stage, 1_000, vec![]).await;
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &late).await, "expected time for instances to tell who is there");
}

async fn who_is_passed_over_may_leave(stage: Stage) {
    let (gone, _, _) = passed_over(&stage).await;
    stage.leave(gone.id).await;
    assert_eq!(stage.overview().await.passed_over, 0);
}

async fn a_sign_of_somebody_who_does_not_wait_changes_nothing(stage: Stage) {
    let (inside, tickets) = queue(&stage, 1).await;
    stage.leave(tickets[0].id).await;
    let inside = stage.ticket(inside.ticket).await;
    let signs = vec![sign(&inside, &stage, 60), sign(&tickets[0], &stage, 60)];
    assert_eq!(stage.without_a_trace(call_roll(&stage, 2, signs)).await, 0);
}

async fn many_who_are_gone_do_not_keep_those_who_are_there_waiting(stage: Stage) {
    let (inside, tickets) = queue(&stage, 30).await;
    call_roll(&stage, 100, vec![]).await;
    for ticket in &tickets[..29] {
        silent(&stage, ticket).await;
    }
    stage.leave(inside.ticket).await;
    assert!(is_inside(&stage, &tickets[29]).await, "expected all who are gone to be passed over at once");
    assert_eq!(stage.overview().await.passed_over, 29);
}
