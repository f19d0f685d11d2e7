use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{TimeZone, Utc};
use domain::{
    catalog::{MockCatalog, Occupancy, SeatMap, SeatNumber},
    ids::ReservationId,
    time::{Clock, Timestamp},
};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::*;
use follower::READING_EVERY;

const FIRST: ScheduleId = ScheduleId(Uuid::from_u128(1));
const SECOND: ScheduleId = ScheduleId(Uuid::from_u128(2));
const SOLD: Occupancy = Occupancy::Sold { to: ReservationId(Uuid::from_u128(9)) };

fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

fn held_until(second: i64) -> Occupancy {
    Occupancy::Held { by: ReservationId(Uuid::from_u128(9)), until: at(second) }
}

/// What is seen of a schedule's one seat.
fn map(occupancy: Occupancy) -> Arc<SeatMap> {
    Arc::new(SeatMap::at(&[(SeatNumber::new(1).unwrap(), occupancy)], at(10)))
}

/// What a store knows, and what it has been asked.
struct Store {
    /// One seat a schedule.
    seats: HashMap<ScheduleId, Occupancy>,
    is_away: bool,
    questions: Vec<(Instant, Vec<ScheduleId>)>,
}

impl Store {
    fn occupancies(
        &mut self,
        asked: &[ScheduleId],
    ) -> Result<HashMap<ScheduleId, Vec<(SeatNumber, Occupancy)>>, StorageError> {
        self.questions.push((Instant::now(), asked.to_vec()));
        if self.is_away {
            return Err(StorageError::unavailable("the test has put the store away"));
        }
        let seats =
            |schedule| Some((schedule, vec![(SeatNumber::new(1).unwrap(), *self.seats.get(&schedule)?)]));
        Ok(asked.iter().copied().filter_map(seats).collect())
    }
}

/// Tells the tenth second at first, and how long ago that was from then on.
struct SinceTheTenth {
    began: Instant,
    panics: AtomicBool,
}

impl Clock for SinceTheTenth {
    fn now(&self) -> Timestamp {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "the test lets a reading panic");
        at(10) + self.began.elapsed()
    }
}

/// A store, and boards that follow it.
struct Stage {
    store: Arc<Mutex<Store>>,
    clock: Arc<SinceTheTenth>,
    boards: LiveSeatBoards,
}

impl Stage {
    fn new<const N: usize>(seats: [(ScheduleId, Occupancy); N]) -> Self {
        let store = Store { seats: seats.into(), is_away: false, questions: Vec::new() };
        let store = Arc::new(Mutex::new(store));
        let mut catalog = MockCatalog::new();
        let asked = Arc::clone(&store);
        catalog.expect_occupancies().returning(move |schedules| lock(&asked).occupancies(schedules));
        let clock = Arc::new(SinceTheTenth { began: Instant::now(), panics: AtomicBool::new(false) });
        let boards = LiveSeatBoards::start(clock.clone(), Arc::new(catalog));
        Self { store, clock, boards }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    async fn watch(&self, schedule: ScheduleId) -> Box<dyn SeatWatch> {
        self.boards.watch(schedule).await.unwrap().expect("there is such a schedule")
    }

    /// What the store is asked while so many readings fall due, the last of them well within the time.
    async fn questions_during(&self, readings: u32) -> Vec<Vec<ScheduleId>> {
        self.store().questions.clear();
        sleep(READING_EVERY * readings + READING_EVERY / 2).await;
        self.store().questions.drain(..).map(|(_, asked)| asked).collect()
    }
}

/// Insists that a change comes.
async fn changed(watch: &mut Box<dyn SeatWatch>) {
    let woken = timeout(Duration::from_secs(10), watch.changed()).await;
    assert_eq!(woken, Ok(Ok(())), "expected something to be seen within 10 seconds");
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_the_seats_as_they_are_and_then_each_change() {
    let stage = Stage::new([(FIRST, Occupancy::Free)]);
    let mut watch = stage.watch(FIRST).await;
    assert_eq!(watch.seats(), map(Occupancy::Free));
    stage.store().seats.insert(FIRST, SOLD);
    let changed_at = Instant::now();
    changed(&mut watch).await;
    assert_eq!(watch.seats(), map(SOLD));
    assert!(changed_at.elapsed() <= READING_EVERY, "seen only after {:?}", changed_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_runs_out_is_seen_though_no_row_changes() {
    let stage = Stage::new([(FIRST, held_until(11))]);
    let mut watch = stage.watch(FIRST).await;
    assert_eq!(watch.seats(), map(held_until(11)));
    let began = Instant::now();
    changed(&mut watch).await;
    assert_eq!(watch.seats(), map(Occupancy::Free));
    assert_eq!(began.elapsed().as_secs(), 1, "the hold ran out after a second");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_woken_while_nothing_changes_or_something_changes_elsewhere() {
    let stage = Stage::new([(FIRST, held_until(90)), (SECOND, Occupancy::Free)]);
    let mut watch = stage.watch(FIRST).await;
    let mut other = stage.watch(SECOND).await;
    stage.store().seats.insert(SECOND, SOLD);
    changed(&mut other).await;
    let woken = timeout(READING_EVERY * 10, watch.changed()).await;
    assert!(woken.is_err(), "expected nothing to happen, got {woken:?}");
}

#[tokio::test(start_paused = true)]
async fn one_question_asks_for_all_that_is_watched_whatever_the_number_of_watchers() {
    let stage = Stage::new([(FIRST, Occupancy::Free), (SECOND, Occupancy::Free)]);
    let mut watches = Vec::new();
    for schedule in [FIRST, SECOND, FIRST, SECOND, FIRST] {
        watches.push(stage.watch(schedule).await);
    }
    let questions = stage.questions_during(3).await;
    assert_eq!(questions, vec![vec![FIRST, SECOND]; 3]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_while_nobody_watches() {
    let stage = Stage::new([(FIRST, Occupancy::Free), (SECOND, Occupancy::Free)]);
    assert_eq!(stage.questions_during(10).await, Vec::<Vec<_>>::new(), "before anybody has come");
    let first = stage.watch(FIRST).await;
    let second = stage.watch(SECOND).await;
    drop(first);
    assert_eq!(stage.questions_during(2).await, vec![vec![SECOND]; 2], "when one has gone");
    drop(second);
    assert_eq!(stage.questions_during(10).await, Vec::<Vec<_>>::new(), "when all have gone");
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_sees_its_own_last_change_also_where_others_watch_already() {
    let stage = Stage::new([(FIRST, Occupancy::Free)]);
    let _others = stage.watch(FIRST).await;
    stage.store().seats.insert(FIRST, SOLD);
    assert_eq!(stage.watch(FIRST).await.seats(), map(SOLD));
}

#[tokio::test(start_paused = true)]
async fn however_many_come_one_after_the_other_readings_keep_their_distance() {
    let stage = Stage::new([(FIRST, Occupancy::Free)]);
    for _ in 0..5 {
        drop(stage.watch(FIRST).await);
    }
    let asked_at: Vec<_> = stage.store().questions.iter().map(|(asked_at, _)| *asked_at).collect();
    assert_eq!(asked_at.len(), 5);
    assert!(asked_at.windows(2).all(|pair| pair[1] - pair[0] >= READING_EVERY), "{asked_at:?}");
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_does_not_exist_is_not_watched() {
    let stage = Stage::new([]);
    assert!(stage.boards.watch(FIRST).await.unwrap().is_none());
    assert_eq!(stage.questions_during(3).await, Vec::<Vec<_>>::new(), "nobody asks for it again");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_newcomers_are_told_and_watchers_go_on_when_it_is_back() {
    let stage = Stage::new([(FIRST, held_until(11))]);
    let mut watch = stage.watch(FIRST).await;
    stage.store().is_away = true;
    let refused = stage.boards.watch(FIRST).await.map(|_| ());
    assert!(matches!(refused, Err(StorageError::Unavailable(_))), "expected to be told, got {refused:?}");
    // The hold runs out meanwhile, unless it was paid: nobody knows.
    let woken = timeout(READING_EVERY * 10, watch.changed()).await;
    assert!(woken.is_err(), "expected nothing to be seen, got {woken:?}");
    stage.store().seats.insert(FIRST, SOLD);
    stage.store().is_away = false;
    changed(&mut watch).await;
    assert_eq!(watch.seats(), map(SOLD));
    assert_eq!(stage.watch(FIRST).await.seats(), map(SOLD));
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_panics_is_not_the_last() {
    let stage = Stage::new([(FIRST, Occupancy::Free)]);
    let mut watch = stage.watch(FIRST).await;
    stage.clock.panics.store(true, Ordering::SeqCst);
    stage.store().seats.insert(FIRST, SOLD);
    changed(&mut watch).await;
    assert_eq!(watch.seats(), map(SOLD));
    assert!(!stage.clock.panics.load(Ordering::SeqCst), "a reading has panicked");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_not_waited_for_to_the_end_is_not_lost() {
    let stage = Stage::new([(FIRST, Occupancy::Free)]);
    let mut watch = stage.watch(FIRST).await;
    let woken = timeout(READING_EVERY / 2, watch.changed()).await;
    assert!(woken.is_err(), "expected nothing to happen yet, got {woken:?}");
    stage.store().seats.insert(FIRST, SOLD);
    sleep(READING_EVERY * 2).await;
    changed(&mut watch).await;
    assert_eq!(watch.seats(), map(SOLD));
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_followed_for_until_the_last_has_gone() {
    let Stage { store, boards, .. } = Stage::new([(FIRST, Occupancy::Free)]);
    let mut watch = boards.watch(FIRST).await.unwrap().expect("there is such a schedule");
    drop(boards);
    lock(&store).seats.insert(FIRST, SOLD);
    changed(&mut watch).await;
    drop(watch);
    sleep(READING_EVERY * 2).await;
    assert_eq!(Arc::strong_count(&store), 1, "expected the task to have ended");
}
