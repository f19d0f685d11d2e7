//! Free slots that nobody else fills.

use domain::waiting_room::{Bounded, RoomMemory, RoomState, TicketState};
use tokio::time::sleep;

use super::stage::{Call, Contents, Stage, at, milliseconds, seconds, waiting};

fn is_admission(call: &Call) -> bool {
    *call == Call::Admit
}

/// One has the only slot until the tenth second, and one waits.
fn full(store: &mut Contents) {
    store.policy.max_active = Bounded::new(1).unwrap();
    store.policy.session = chrono::Duration::seconds(10);
    let inside = store.join();
    store.admit(inside.number, at(0), true);
    store.join();
}

#[tokio::test(start_paused = true)]
async fn a_slot_whose_turn_runs_out_is_filled_without_anybody_asking() {
    let stage = Stage::new(full).await;
    sleep(seconds(10) + milliseconds(300)).await;
    let place = stage.room.place(&waiting(2)).expect("it is known");
    assert!(matches!(place.ticket.state, TicketState::Active { .. }), "expected a turn, got {place:?}");
}

#[tokio::test(start_paused = true)]
async fn the_store_is_asked_to_admit_only_when_there_is_somebody_to_admit() {
    let stage = Stage::new(full).await;
    let asked = stage.store.times_during(seconds(9), is_admission).await;
    assert_eq!(asked, [], "the room is full");
    let asked = stage.store.times_during(seconds(9), is_admission).await;
    assert_eq!(asked.len(), 1, "the one slot was filled at once: {asked:?}");
    stage.contents().end(2);
    let asked = stage.store.times_during(seconds(9), is_admission).await;
    assert_eq!(asked, [], "nobody waits");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lets_nobody_in_is_asked_four_times_a_second() {
    let stage = Stage::new(|store| {
        store.admits = false;
        store.join();
    })
    .await;
    let asked = stage.store.times_during(seconds(10), is_admission).await;
    assert!((35..=40).contains(&asked.len()), "asked {} times within ten seconds", asked.len());
}

#[tokio::test(start_paused = true)]
async fn whoever_was_passed_over_is_no_reason_to_admit() {
    let stage = Stage::new(|store| {
        let gone = store.join();
        store.pass_over(gone.number);
    })
    .await;
    assert_eq!(stage.store.times_during(seconds(9), is_admission).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_paused_room_admits_nobody_until_it_is_opened() {
    let stage = Stage::new(|store| {
        store.policy.state = RoomState::Paused;
        store.join();
    })
    .await;
    assert_eq!(stage.store.times_during(seconds(9), is_admission).await, []);
    stage.contents().policy.state = RoomState::Open;
    assert_eq!(stage.store.times_during(seconds(9), is_admission).await.len(), 1);
}
