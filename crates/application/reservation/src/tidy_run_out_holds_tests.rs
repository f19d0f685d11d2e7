use domain::reservation::MockSeatInventory;

use super::*;
use crate::samples::{assert_refused, away};

/// Tidies in batches of these sizes, and no more of them.
fn tidying(batches: Vec<Result<u64, StorageError>>) -> TidyRunOutHolds {
    let mut inventory = MockSeatInventory::new();
    let (times, mut batches) = (batches.len(), batches.into_iter());
    inventory.expect_tidy_run_out_holds().times(times).returning(move |at_most| {
        assert_eq!(at_most, 500, "how many at a time");
        batches.next().unwrap()
    });
    TidyRunOutHolds::new(Arc::new(inventory))
}

#[tokio::test]
async fn tidying_goes_on_until_a_batch_is_not_full() {
    assert_eq!(tidying(vec![Ok(500), Ok(500), Ok(499)]).handle().await.unwrap(), 1499);
}

#[tokio::test]
async fn a_batch_that_was_just_full_is_followed_by_another() {
    assert_eq!(tidying(vec![Ok(500), Ok(0)]).handle().await.unwrap(), 500);
}

#[tokio::test]
async fn nothing_to_tidy_is_no_failure() {
    assert_eq!(tidying(vec![Ok(0)]).handle().await.unwrap(), 0);
}

#[tokio::test]
async fn a_store_that_is_away_ends_the_tidying_and_is_told() {
    assert_refused!(tidying(vec![Ok(500), Err(away())]).handle().await, StorageError::Unavailable(_));
}
