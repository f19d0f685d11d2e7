//! What the room knows, and from when.

use domain::waiting_room::{RoomMemory, TicketState};
use futures_util::{FutureExt, future::join_all};
use tokio::time::{Instant, sleep};

use super::stage::{Answers, Call, Stage, TAKES, milliseconds, seconds, waiting};

fn is_reading(call: &Call) -> bool {
    *call == Call::Read
}

impl Stage {
    fn knows(&self, number: u64) -> bool {
        self.room.place(&waiting(number)).is_some()
    }
}

#[tokio::test(start_paused = true)]
async fn the_room_is_known_from_the_beginning() {
    let stage = Stage::new(|store| {
        store.admits = false;
        _ = [store.join(), store.join(), store.join()];
    })
    .await;
    let place = stage.room.place(&waiting(3)).expect("the third is known");
    assert_eq!((place.ahead, place.waiting), (2, 3));
    assert!(!stage.knows(4) && stage.room.is_fresh());
}

#[tokio::test(start_paused = true)]
async fn what_the_store_gives_notice_of_is_read_at_once() {
    let stage = Stage::new(|_| {}).await;
    stage.contents().join();
    stage.give_notice();
    sleep(TAKES + milliseconds(1)).await;
    assert!(stage.knows(1), "expected it to be known as soon as the store has answered");
}

#[tokio::test(start_paused = true)]
async fn a_change_without_notice_is_known_a_tenth_of_a_second_later() {
    let stage = Stage::new(|_| {}).await;
    stage.contents().join();
    sleep(milliseconds(99)).await;
    assert!(!stage.knows(1), "nobody has asked for it");
    sleep(milliseconds(2) + TAKES).await;
    assert!(stage.knows(1));
    let readings = stage.store.times_during(seconds(11), is_reading).await;
    assert_eq!(readings.len(), 100, "each takes {TAKES:?}, and the next begins 100 ms later");
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_catch_up_waits_for_one_reading_and_no_longer() {
    let stage = Stage::new(|_| {}).await;
    sleep(milliseconds(20)).await;
    stage.contents().join();
    let began = Instant::now();
    stage.room.catch_up().await;
    assert!(stage.knows(1));
    assert_eq!(began.elapsed(), TAKES);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_began_before_is_not_enough_to_catch_up() {
    let stage = Stage::new(|_| {}).await;
    stage.give_notice();
    sleep(TAKES / 2).await;
    stage.contents().join();
    stage.room.catch_up().await;
    assert!(stage.knows(1), "the reading that was under way could not know it");
}

#[tokio::test(start_paused = true)]
async fn all_who_want_to_catch_up_share_readings() {
    let stage = Stage::new(|_| {}).await;
    let callers = async {
        sleep(milliseconds(20)).await;
        join_all((0..100).map(|_| stage.room.catch_up())).await;
    };
    let (readings, ()) = tokio::join!(stage.store.times_during(milliseconds(90), is_reading), callers);
    // The one that all wait for, and one for those who might have come during it.
    assert!(readings.len() <= 2, "{readings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_leaves_what_is_known_and_is_found_again() {
    a_store_leaves_what_is_known_and_is_found_again(Answers::WithAnError).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_leaves_what_is_known_and_is_found_again() {
    a_store_leaves_what_is_known_and_is_found_again(Answers::Never).await;
}

async fn a_store_leaves_what_is_known_and_is_found_again(answers: Answers) {
    let stage = Stage::new(|store| {
        store.admits = false;
        _ = [store.join(), store.join()];
    })
    .await;
    stage.contents().answers = answers;
    sleep(milliseconds(230)).await;
    assert!(stage.room.is_fresh(), "the last reading began 240 ms ago");
    sleep(milliseconds(30)).await;
    assert!(!stage.room.is_fresh(), "it began 270 ms ago");
    let began = Instant::now();
    stage.room.catch_up().await;
    assert!(began.elapsed() <= seconds(1), "nobody waits for longer for a reading that hangs");
    let place = stage.room.place(&waiting(2)).expect("it is still known");
    assert_eq!((place.ahead, place.ticket.state), (1, TicketState::Waiting));
    assert!(place.age.num_milliseconds() >= 250, "{}", place.age);

    stage.contents().answers = Answers::WithWhatItKnows;
    stage.contents().end(1);
    sleep(seconds(5) + milliseconds(100) + 2 * TAKES).await;
    assert!(stage.room.is_fresh());
    assert_eq!(stage.room.place(&waiting(2)).map(|place| place.ahead), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_came_too_late_is_followed_by_a_whole_one() {
    let stage = Stage::new(|store| {
        store.admits = false;
        _ = [store.join(), store.join()];
    })
    .await;
    stage.store.times_during(seconds(1), is_reading).await;
    assert_eq!(stage.contents().whole_readings, 1, "expected the first to be whole, and no other");
    stage.contents().answers = Answers::Never;
    sleep(seconds(4)).await;
    // What happens now is told by no reading that says what has changed.
    stage.contents().forget_changes();
    stage.contents().end(1);
    stage.contents().forget_changes();
    stage.contents().answers = Answers::WithWhatItKnows;
    sleep(seconds(2)).await;
    assert_eq!(stage.contents().whole_readings, 2, "expected one more, after the one that was too late");
    assert_eq!(stage.room.place(&waiting(2)).map(|place| place.ahead), Some(0));
    let before = stage.contents().whole_readings;
    sleep(seconds(2)).await;
    assert_eq!(stage.contents().whole_readings, before, "expected changes to be enough again");
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_a_ticket_is_told_of_it_alone() {
    let stage = Stage::new(|store| {
        store.admits = false;
        _ = [store.join(), store.join()];
    })
    .await;
    let (mut first, mut second) = (stage.room.watch(1), stage.room.watch(2));
    stage.contents().end(1);
    let began = Instant::now();
    first.changed().await;
    assert!(began.elapsed() <= milliseconds(100) + TAKES, "{:?}", began.elapsed());
    assert!(!stage.knows(1), "who is told sees the change");
    sleep(seconds(1)).await;
    assert!(second.changed().now_or_never().is_none() && first.changed().now_or_never().is_none());
}
