use domain::waiting_room::MockWaitingRoom;

use super::*;
use crate::samples::{assert_refused, away};

fn answering(answer: Result<u64, StorageError>) -> AdmitWaiters {
    let mut room = MockWaitingRoom::new();
    room.expect_admit().times(1).return_once(|| answer);
    AdmitWaiters::new(Arc::new(room))
}

#[tokio::test]
async fn it_is_told_how_many_were_admitted() {
    assert_eq!(answering(Ok(7)).handle().await.unwrap(), 7);
}

#[tokio::test]
async fn where_many_may_enter_they_are_admitted_some_at_a_time() {
    let mut room = MockWaitingRoom::new();
    let mut together = [2_000, 2_000, 5].into_iter();
    room.expect_admit().times(3).returning(move || Ok(together.next().unwrap()));
    assert_eq!(AdmitWaiters::new(Arc::new(room)).handle().await.unwrap(), 4_005);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(answering(Err(away())).handle().await, StorageError::Unavailable(_));
}
