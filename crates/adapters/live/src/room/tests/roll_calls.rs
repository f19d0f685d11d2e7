//! Telling the store who is there.

use chrono::Duration;
use domain::waiting_room::{RoomMemory, RoomState};
use tokio::time::sleep;

use super::stage::{Answers, Call, Contents, Stage, at, milliseconds, numbers, seconds, waiting};

const TOLD: Duration = Duration::seconds(5);

/// So many wait, and nobody is admitted.
fn crowd(size: u64) -> impl FnOnce(&mut Contents) {
    move |store| {
        store.policy.state = RoomState::Paused;
        for _ in 0..size {
            store.join();
        }
    }
}

fn is_roll(call: &Call) -> bool {
    matches!(call, Call::Roll(_))
}

#[tokio::test(start_paused = true)]
async fn the_roll_is_called_every_two_seconds_while_somebody_waits() {
    let stage = Stage::new(crowd(1)).await;
    let called = stage.store.times_during(seconds(100), is_roll).await;
    assert!((49..=51).contains(&called.len()), "called {} times within 100 seconds", called.len());
    for (first, second) in called.iter().zip(&called[1..]) {
        let between = second.saturating_sub(*first);
        assert!((seconds(2)..milliseconds(2_100)).contains(&between), "{between:?} between two");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_calls_the_roll_in_a_room_in_which_nobody_waits() {
    let stage = Stage::new(|store| {
        let inside = store.join();
        store.admit(inside.number, at(0), true);
    })
    .await;
    assert_eq!(stage.store.times_during(seconds(100), is_roll).await, []);
}

#[tokio::test(start_paused = true)]
async fn those_near_the_front_who_have_asked_are_told_of() {
    let stage = Stage::new(crowd(150)).await;
    sleep(seconds(3)).await;
    (1..=150).filter(|number| *number != 7).for_each(|number| stage.room.note_presence(number, TOLD));
    let rolls = stage.store.rolls_during(seconds(2)).await;
    assert_eq!(rolls.len(), 1);
    let near_up_to = rolls[0].1.near_up_to;
    assert!((100..=101).contains(&near_up_to), "{near_up_to}");
    let expected: Vec<_> = (1..=near_up_to).filter(|number| *number != 7).collect();
    assert_eq!(numbers(&rolls[0].1), expected);
    let until = rolls[0].1.signs[0].present_until;
    assert!((at(63)..=at(65)).contains(&until), "asked at 3 s, and to the second there until {until}");
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_asking_is_told_of_once_in_a_quarter_of_a_minute() {
    let stage = Stage::new(crowd(1)).await;
    let asking = async {
        for _ in 0..200 {
            stage.room.note_question(1, TOLD).unwrap();
            sleep(seconds(1)).await;
        }
    };
    let (rolls, ()) = tokio::join!(stage.store.rolls_during(seconds(200)), asking);
    let told: Vec<_> = rolls.iter().filter(|(_, roll)| !roll.signs.is_empty()).collect();
    assert!(
        (12..=14).contains(&told.len()),
        "told at {:?}",
        told.iter().map(|(at, _)| at).collect::<Vec<_>>()
    );
    for pair in told.windows(2) {
        let believed_until = pair[0].1.signs[0].present_until;
        let left = believed_until - (at(0) + pair[1].0);
        assert!((42..=45).contains(&left.num_seconds()), "told {left} before it was believed to be gone");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_was_passed_over_and_asks_is_told_of_at_once() {
    let stage = Stage::new(|store| {
        crowd(3)(store);
        store.pass_over(2);
    })
    .await;
    sleep(milliseconds(500)).await;
    let asking = async { (0..5).for_each(|_| stage.room.note_question(2, TOLD).unwrap()) };
    let (rolls, ()) = tokio::join!(stage.store.rolls_during(milliseconds(100)), asking);
    assert_eq!(rolls.len(), 1, "expected one roll call at once: {rolls:?}");
    assert_eq!(numbers(&rolls[0].1), [2], "expected to be told of once, however often it was asked");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_not_told_of() {
    let stage = Stage::new(|store| {
        crowd(3)(store);
        store.pass_over(2);
    })
    .await;
    let rolls = stage.store.rolls_during(seconds(10)).await;
    assert!(rolls.iter().all(|(_, roll)| roll.signs.is_empty()), "{rolls:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_roll_call_was_to_tell_is_told_by_the_next_that_succeeds_once() {
    let stage = Stage::new(|store| {
        crowd(3)(store);
        store.pass_over(2);
    })
    .await;
    sleep(milliseconds(500)).await;
    stage.contents().answers = Answers::WithAnError;
    stage.room.note_presence(2, TOLD);
    stage.room.note_presence(3, TOLD);
    let failed = stage.store.rolls_during(seconds(20)).await;
    assert!(failed.len() >= 9, "expected it to be tried again and again: {failed:?}");
    stage.contents().answers = Answers::WithWhatItKnows;
    let rolls = stage.store.rolls_during(milliseconds(2_100)).await;
    let mut told: Vec<_> = rolls.iter().flat_map(|(_, roll)| numbers(roll)).collect();
    told.sort_unstable();
    assert_eq!(told, [2, 3]);
    assert!(rolls.iter().flat_map(|(_, roll)| &roll.signs).all(|sign| sign.present_until <= at(62)));
}

#[tokio::test(start_paused = true)]
async fn only_a_paced_room_refuses_those_who_ask_too_fast() {
    let stage = Stage::new(crowd(1)).await;
    assert!((0..1_000).all(|_| stage.room.note_question(1, TOLD).is_ok()));
    let store = stage.store.clone();
    let paced = super::super::LiveRoom::start(store.clone(), store.clone(), store, true).await.unwrap();
    let refused = (0..1_000).find_map(|_| paced.note_question(1, TOLD).err()).expect("it is too fast");
    sleep(refused.to_std().unwrap() + milliseconds(100)).await;
    assert_eq!(paced.note_question(1, TOLD), Ok(()), "expected an answer after {refused}");
    assert!(paced.place(&waiting(1)).is_some());
}
