//! Asking the store for a ticket.

use domain::waiting_room::{RoomMemory, RoomState, TicketState};
use tokio::time::sleep;

use super::stage::{Answers, Contents, Stage, TAKES, milliseconds, seconds, waiting};

fn paused(store: &mut Contents) {
    store.policy.state = RoomState::Paused;
    store.join();
}

fn is_claimed(state: TicketState) -> bool {
    matches!(state, TicketState::Active { claimed: true, .. })
}

#[tokio::test(start_paused = true)]
async fn a_refused_ticket_is_looked_up_once_in_a_quarter_of_a_second() {
    let stage = Stage::new(paused).await;
    for _ in 0..20 {
        let found = stage.room.look_up(&waiting(1)).await.unwrap().expect("there is such a ticket");
        assert_eq!(found.state, TicketState::Waiting);
    }
    assert_eq!(stage.store.claims(), 1);
    assert_eq!(stage.room.look_up(&waiting(2)).await.unwrap(), None, "another is looked up by itself");
    assert_eq!(stage.store.claims(), 2);
    sleep(milliseconds(250)).await;
    stage.room.look_up(&waiting(1)).await.unwrap();
    assert_eq!(stage.store.claims(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_does_not_exist_is_looked_up_once_in_a_quarter_of_a_second() {
    let stage = Stage::new(paused).await;
    for _ in 0..20 {
        assert_eq!(stage.room.look_up(&waiting(9)).await.unwrap(), None);
    }
    assert_eq!(stage.store.claims(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_never_taken_from_an_earlier_look_up() {
    let stage = Stage::new(paused).await;
    let now = stage.now();
    stage.contents().admit(1, now, false);
    assert!(is_claimed(stage.room.look_up(&waiting(1)).await.unwrap().unwrap().state), "it was claimed");
    stage.contents().end(1);
    let found = stage.room.look_up(&waiting(1)).await.unwrap().unwrap();
    assert!(matches!(found.state, TicketState::Ended { .. }), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_is_told_and_not_remembered() {
    let stage = Stage::new(paused).await;
    stage.contents().answers = Answers::WithAnError;
    assert!(stage.room.look_up(&waiting(1)).await.is_err());
    stage.contents().answers = Answers::WithWhatItKnows;
    assert!(stage.room.look_up(&waiting(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_claimed_turn_is_known_as_claimed_at_once() {
    let stage = Stage::new(paused).await;
    let now = stage.now();
    stage.contents().admit(1, now, false);
    stage.room.catch_up().await;
    assert!(stage.room.place(&waiting(1)).unwrap().ticket.is_unclaimed());
    stage.room.look_up(&waiting(1)).await.unwrap();
    assert!(is_claimed(stage.room.place(&waiting(1)).unwrap().ticket.state));
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_is_late_does_not_bring_back_a_turn_that_has_ended() {
    let stage = Stage::new(paused).await;
    let now = stage.now();
    stage.contents().admit(1, now, false);
    stage.room.catch_up().await;
    stage.contents().claims_take = seconds(1);
    let ended_meanwhile = async {
        sleep(TAKES).await;
        stage.contents().end(1);
        stage.room.catch_up().await;
    };
    let issued = waiting(1);
    let (found, ()) = tokio::join!(stage.room.look_up(&issued), ended_meanwhile);
    assert!(is_claimed(found.unwrap().unwrap().state), "it was asked for before the end");
    assert_eq!(stage.room.place(&waiting(1)), None);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_known_to_have_come_is_looked_up_though_it_was_refused_just_before() {
    let stage = Stage::new(paused).await;
    stage.room.look_up(&waiting(1)).await.unwrap();
    let now = stage.now();
    stage.contents().admit(1, now, false);
    stage.room.catch_up().await;
    let found = stage.room.look_up(&waiting(1)).await.unwrap().expect("there is such a ticket");
    assert!(is_claimed(found.state), "expected the turn to be claimed, got {found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_known_to_have_ended_is_looked_up_though_it_was_refused_just_before() {
    let stage = Stage::new(paused).await;
    stage.room.look_up(&waiting(1)).await.unwrap();
    stage.contents().end(1);
    stage.room.catch_up().await;
    let found = stage.room.look_up(&waiting(1)).await.unwrap().expect("there is such a ticket");
    assert!(matches!(found.state, TicketState::Ended { .. }), "expected its end, got {found:?}");
}
