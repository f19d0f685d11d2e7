use std::sync::Mutex;

use domain::{
    catalog::{MockSeatBoards, MockSeatWatch, Occupancy, SeatState, SeatStatus},
    ids::ReservationId,
};
use uuid::Uuid;

use super::*;
use crate::samples::{SCHEDULE, assert_refused, at, away, number};

const SOLD: Occupancy = Occupancy::Sold { to: ReservationId(Uuid::from_u128(9)) };

/// Two seats.
fn map(first: Occupancy, second: Occupancy) -> Arc<SeatMap> {
    Arc::new(SeatMap::at(&[(number(1), first), (number(2), second)], at(50)))
}

fn seat(seat_number: i64, status: SeatStatus) -> SeatState {
    SeatState { number: number(seat_number), status }
}

/// Boards on which one map is seen after the other, and that nobody follows after the last.
fn showing<const N: usize>(maps: [Arc<SeatMap>; N]) -> WatchSeats {
    let mut maps = maps.into_iter();
    let shown = Arc::new(Mutex::new(maps.next().unwrap()));
    let mut watch = MockSeatWatch::new();
    let seen = Arc::clone(&shown);
    watch.expect_seats().returning(move || Arc::clone(&seen.lock().unwrap()));
    watch.expect_changed().times(..=N).returning(move || {
        *shown.lock().unwrap() = maps.next().ok_or(NobodyFollows)?;
        Ok(())
    });
    answering(Ok(Some(Box::new(watch))))
}

fn answering(answer: Result<Option<Box<dyn SeatWatch>>, StorageError>) -> WatchSeats {
    let mut boards = MockSeatBoards::new();
    boards.expect_watch().times(1).return_once(|asked| {
        assert_eq!(asked, SCHEDULE, "the schedule whose seats are watched");
        answer
    });
    WatchSeats::new(Arc::new(boards))
}

async fn next_news(watched: &mut WatchedSeats) -> Result<SeatNews, NobodyFollows> {
    watched.changed().await?;
    Ok(watched.take_news())
}

#[tokio::test]
async fn everything_is_told_first_and_then_what_changes() {
    let watch_seats = showing([map(Occupancy::Free, SOLD), map(SOLD, SOLD)]);
    let mut watched = watch_seats.handle(SCHEDULE).await.unwrap();
    let everything = vec![seat(1, SeatStatus::Available), seat(2, SeatStatus::Sold)];
    assert_eq!(next_news(&mut watched).await, Ok(SeatNews::Everything(everything)));
    let change = vec![seat(1, SeatStatus::Sold)];
    assert_eq!(next_news(&mut watched).await, Ok(SeatNews::Changes(change)));
    assert_eq!(next_news(&mut watched).await, Err(NobodyFollows));
}

#[tokio::test]
async fn what_is_again_as_it_was_told_is_no_news() {
    let free = map(Occupancy::Free, Occupancy::Free);
    let watch_seats = showing([free.clone(), free, map(Occupancy::Free, SOLD)]);
    let mut watched = watch_seats.handle(SCHEDULE).await.unwrap();
    next_news(&mut watched).await.unwrap();
    let change = vec![seat(2, SeatStatus::Sold)];
    assert_eq!(next_news(&mut watched).await, Ok(SeatNews::Changes(change)));
}

#[tokio::test]
async fn news_that_are_not_taken_stay_news() {
    let watch_seats = showing([map(Occupancy::Free, SOLD)]);
    let mut watched = watch_seats.handle(SCHEDULE).await.unwrap();
    assert_eq!(watched.changed().await, Ok(()));
    assert_eq!(watched.changed().await, Ok(()), "the news were not taken yet");
    assert!(matches!(watched.take_news(), SeatNews::Everything(_)));
    assert_eq!(watched.changed().await, Err(NobodyFollows), "the news were taken");
}

#[tokio::test]
async fn an_unknown_schedule_is_not_found() {
    let refused = answering(Ok(None)).handle(SCHEDULE).await.map(|_| ());
    assert_refused!(refused, WatchSeatsError::ScheduleNotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = answering(Err(away())).handle(SCHEDULE).await.map(|_| ());
    assert_refused!(refused, WatchSeatsError::Storage(StorageError::Unavailable(_)));
}
