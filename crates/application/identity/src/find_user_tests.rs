use domain::identity::MockUsers;

use super::*;
use crate::samples::{USER, assert_refused, away};

fn answering(answer: Result<bool, StorageError>) -> FindUser {
    let mut users = MockUsers::new();
    users.expect_exists().times(1).returning(move |asked| {
        assert_eq!(asked, USER, "the user who is asked for");
        answer.clone()
    });
    FindUser::new(Arc::new(users))
}

#[tokio::test]
async fn a_user_who_exists_is_found() {
    assert_eq!(answering(Ok(true)).handle(USER).await.unwrap(), USER);
}

#[tokio::test]
async fn a_user_who_does_not_exist_is_not_found() {
    assert_refused!(answering(Ok(false)).handle(USER).await, FindUserError::NotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let find = answering(Err(away()));
    assert_refused!(find.handle(USER).await, FindUserError::Storage(StorageError::Unavailable(_)));
}
