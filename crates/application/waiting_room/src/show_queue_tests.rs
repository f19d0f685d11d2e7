use domain::waiting_room::{MockWaitingRoom, RoomPolicy};

use super::*;
use crate::samples::{assert_refused, away};

fn answering(answer: Result<RoomOverview, StorageError>) -> ShowQueue {
    let mut room = MockWaitingRoom::new();
    room.expect_overview().times(1).return_once(|| answer);
    ShowQueue::new(Arc::new(room))
}

#[tokio::test]
async fn the_operator_sees_the_policy_and_the_numbers() {
    let overview =
        RoomOverview { policy: RoomPolicy::default(), waiting: 4, active: 3, issued: 12, admitted_lately: 2 };
    assert_eq!(answering(Ok(overview.clone())).handle().await.unwrap(), overview);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(answering(Err(away())).handle().await, StorageError::Unavailable(_));
}
