//! A turn that has come: claimed in time, or lost to the next.

use chrono::Duration;
use domain::waiting_room::{EndReason, Joined, Newcomer, PolicyChange, RoomPolicy, Ticket, TicketState};

use crate::stage::{Guest, Stage, ended, is_active, new_id, no_change};

encore_tests::on_every_store! {
    crate::stage;
    a_turn_that_comes_while_its_owner_is_away_waits_for_the_claim_time,
    a_claimed_turn_lasts_for_the_session_time_from_the_claim,
    a_turn_is_claimed_once,
    of_simultaneous_claims_one_begins_the_session,
    whoever_joins_again_when_the_turn_has_come_claims_it,
    whoever_joins_again_while_the_turn_is_claimed_elsewhere_does_not_claim_it_twice,
    a_turn_nobody_claims_goes_to_the_next,
    a_turn_that_was_not_claimed_in_time_can_not_be_claimed,
    a_claimed_turn_that_runs_out_has_timed_out,
    only_the_owner_claims_a_turn,
    nothing_but_a_turn_can_be_claimed,
    a_claim_of_a_turn_that_runs_out_meanwhile_breaks_no_cap,
}

async fn claim(stage: &Stage, guest: Guest) -> Option<Ticket> {
    stage.ports.room.claim(guest.ticket, guest.user).await.unwrap()
}

/// A room for one, and one whose turn has just come without the owner being there.
async fn admitted(stage: &Stage) -> Guest {
    stage.max_active(1).await;
    let first = stage.guest().await;
    let ticket = stage.newcomer().await.ticket;
    stage.leave(first.ticket).await;
    Guest { user: ticket.user, ticket: ticket.id }
}

/// How long a turn still lasts.
async fn lasts(stage: &Stage, guest: Guest) -> (Duration, bool) {
    match stage.ticket(guest.ticket).await.state {
        TicketState::Active { expires_at, claimed } => (expires_at - stage.now(), claimed),
        state => panic!("expected a turn, got {state:?}"),
    }
}

fn expect_about(lasts: Duration, expected: Duration) {
    let tolerance = Duration::seconds(3);
    assert!(
        expected - tolerance <= lasts && lasts <= expected + tolerance,
        "expected {expected}, got {lasts}"
    );
}

async fn a_turn_that_comes_while_its_owner_is_away_waits_for_the_claim_time(stage: Stage) {
    let guest = admitted(&stage).await;
    let (lasts, claimed) = lasts(&stage, guest).await;
    assert!(!claimed);
    expect_about(lasts, RoomPolicy::default().claim);
}

async fn a_claimed_turn_lasts_for_the_session_time_from_the_claim(stage: Stage) {
    let guest = admitted(&stage).await;
    let claimed = claim(&stage, guest).await.expect("there is such a ticket");
    assert_eq!(claimed, stage.ticket(guest.ticket).await);
    let (lasts, claimed) = lasts(&stage, guest).await;
    assert!(claimed);
    expect_about(lasts, RoomPolicy::default().session);
}

async fn a_turn_is_claimed_once(stage: Stage) {
    let guest = admitted(&stage).await;
    let first = claim(&stage, guest).await;
    let second = stage.without_a_trace(claim(&stage, guest)).await;
    assert_eq!(second, first, "expected a turn not to be prolonged");
}

async fn of_simultaneous_claims_one_begins_the_session(stage: Stage) {
    let guest = admitted(&stage).await;
    let claims = stage.at_the_same_time((0..20).map(|_| claim(&stage, guest))).await;
    let stored = stage.ticket(guest.ticket).await;
    let agree = claims.iter().all(|claimed| *claimed == Some(stored));
    assert!(agree, "expected all to be told {stored:?}, got {claims:?}");
}

async fn whoever_joins_again_when_the_turn_has_come_claims_it(stage: Stage) {
    let guest = admitted(&stage).await;
    let newcomer = Newcomer { user: guest.user, ticket: new_id() };
    let Joined::Again(again) = stage.ports.room.join(newcomer).await.unwrap() else {
        panic!("expected the live ticket");
    };
    assert_eq!(again, stage.ticket(guest.ticket).await);
    assert!(lasts(&stage, guest).await.1, "expected the turn to be claimed");
}

/// Only a server lets a claim and a join meet.
async fn whoever_joins_again_while_the_turn_is_claimed_elsewhere_does_not_claim_it_twice(stage: Stage) {
    let guest = admitted(&stage).await;
    let Some(elsewhere) = stage.database.session().await else { return };
    let id = stage.id(guest.ticket.0);
    elsewhere.run("BEGIN").await;
    elsewhere.run(&format!("UPDATE queue_tickets SET claimed_at = issued_at WHERE id = {id}")).await;
    let newcomer = Newcomer { user: guest.user, ticket: new_id() };
    let (joined, ()) = tokio::join!(stage.ports.room.join(newcomer), elsewhere.run("COMMIT"));
    assert!(matches!(joined.unwrap(), Joined::Again(_)));
    let twice = format!("SELECT count(*) FROM queue_tickets WHERE id = {id} AND claimed_at <> issued_at");
    assert_eq!(stage.number(&twice).await, 0, "expected the first claim to stay");
}

async fn a_turn_nobody_claims_goes_to_the_next(stage: Stage) {
    let guest = admitted(&stage).await;
    let next = stage.newcomer().await.ticket;
    stage.run_out_turn(guest.ticket).await;
    assert_eq!(stage.ports.room.admit().await.unwrap(), 1);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::NoShow));
    assert!(is_active(&stage.ticket(next.id).await));
}

async fn a_turn_that_was_not_claimed_in_time_can_not_be_claimed(stage: Stage) {
    let guest = admitted(&stage).await;
    stage.run_out_turn(guest.ticket).await;
    let told = stage.without_a_trace(claim(&stage, guest)).await.expect("there is such a ticket");
    assert_eq!(told.state_at(stage.now()), ended(EndReason::NoShow));
}

async fn a_claimed_turn_that_runs_out_has_timed_out(stage: Stage) {
    let guest = admitted(&stage).await;
    claim(&stage, guest).await;
    stage.run_out_turn(guest.ticket).await;
    stage.ports.room.admit().await.unwrap();
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::TimedOut));
}

async fn only_the_owner_claims_a_turn(stage: Stage) {
    let guest = admitted(&stage).await;
    let other = Guest { user: stage.user().await, ticket: guest.ticket };
    assert_eq!(stage.without_a_trace(claim(&stage, other)).await, None);
    assert!(!lasts(&stage, guest).await.1, "expected the turn not to be claimed");
}

async fn nothing_but_a_turn_can_be_claimed(stage: Stage) {
    let guest = admitted(&stage).await;
    let waiting = stage.newcomer().await.ticket;
    let waiter = Guest { user: waiting.user, ticket: waiting.id };
    assert_eq!(stage.without_a_trace(claim(&stage, waiter)).await, Some(waiting));
    stage.leave(guest.ticket).await;
    let gone = stage.without_a_trace(claim(&stage, guest)).await.expect("there is such a ticket");
    assert_eq!(gone.state, ended(EndReason::Left));
    let nobodys = Guest { ticket: new_id(), ..guest };
    assert_eq!(stage.without_a_trace(claim(&stage, nobodys)).await, None);
}

async fn a_claim_of_a_turn_that_runs_out_meanwhile_breaks_no_cap(stage: Stage) {
    stage.change_policy(PolicyChange { claim: Some(Duration::seconds(1)), ..no_change() }).await;
    let guest = admitted(&stage).await;
    stage.newcomer().await;
    let runs_out = match stage.ticket(guest.ticket).await.state {
        TicketState::Active { expires_at, .. } => expires_at,
        state => panic!("expected a turn, got {state:?}"),
    };
    let claims = async {
        while stage.now() < runs_out + Duration::milliseconds(50) {
            stage.ports.room.admit().await.unwrap();
        }
        claim(&stage, guest).await
    };
    let late = claims.await.expect("there is such a ticket");
    assert_eq!(late.state, ended(EndReason::NoShow));
    assert_eq!(stage.overview().await.active, 1, "expected the next inside, and nobody else");
}
