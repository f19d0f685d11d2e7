use chrono::{TimeZone, Utc};
use domain::{
    idempotency::MockIdempotencyRecords,
    time::{MockClock, Timestamp},
};

use super::*;

fn now() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 12, 24, 18, 30, 0).unwrap()
}

fn yesterday() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 12, 23, 18, 30, 0).unwrap()
}

/// Forgets in batches of these sizes, all of them kept for more than a day and none since.
fn forgetting(batches: Vec<Result<u64, StorageError>>) -> ForgetOldKeys {
    let mut clock = MockClock::new();
    clock.expect_now().times(1).returning(now);
    let mut records = MockIdempotencyRecords::new();
    let (times, mut batches) = (batches.len(), batches.into_iter());
    records.expect_forget_before().times(times).returning(move |instant, at_most| {
        assert_eq!((instant, at_most), (yesterday(), 500), "before when, and how many at a time");
        batches.next().unwrap()
    });
    ForgetOldKeys::new(Arc::new(clock), Arc::new(records))
}

fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

#[tokio::test]
async fn keys_older_than_a_day_are_forgotten() {
    assert_eq!(forgetting(vec![Ok(3)]).handle().await.unwrap(), 3);
}

#[tokio::test]
async fn nothing_to_forget_is_no_failure() {
    assert_eq!(forgetting(vec![Ok(0)]).handle().await.unwrap(), 0);
}

#[tokio::test]
async fn forgetting_goes_on_until_a_batch_is_not_full() {
    assert_eq!(forgetting(vec![Ok(500), Ok(500), Ok(499)]).handle().await.unwrap(), 1499);
}

#[tokio::test]
async fn a_batch_that_was_just_full_is_followed_by_another() {
    assert_eq!(forgetting(vec![Ok(500), Ok(0)]).handle().await.unwrap(), 500);
}

#[tokio::test]
async fn a_store_that_is_away_ends_the_forgetting_and_is_told() {
    let result = forgetting(vec![Ok(500), Err(away())]).handle().await;
    assert!(
        matches!(result, Err(StorageError::Unavailable(_))),
        "expected that the store is away, but it was {result:?}"
    );
}
