use domain::{
    identity::{MockPasswordHasher, MockUsers},
    ids::UserId,
};
use uuid::Uuid;

use super::*;
use crate::samples::{assert_refused, at, away, clock, email, hash, ids, password};

fn command() -> RegisterUserCommand {
    RegisterUserCommand { name: Name::new("Ada").unwrap(), email: email(), password: password() }
}

fn hashing() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().times(1).returning(|typed| {
        assert_eq!(typed.reveal(), password().reveal(), "the password that is hashed");
        Ok(hash())
    });
    hasher
}

fn refusing_to_add(error: AddUserError) -> RegisterUser {
    let mut users = MockUsers::new();
    users.expect_add().times(1).return_once(|_, _| Err(error));
    RegisterUser::new(clock([at(10)]), ids([7]), Arc::new(users), Arc::new(hashing()))
}

#[tokio::test]
async fn a_user_is_added_with_the_hash_and_not_the_password() {
    let expected = User {
        id: UserId(Uuid::from_u128(7)),
        name: Name::new("Ada").unwrap(),
        email: email(),
        registered_at: at(10),
    };
    let mut users = MockUsers::new();
    let added = expected.clone();
    users.expect_add().times(1).returning(move |user, password| {
        assert_eq!((user, password), (&added, &hash()), "what is added");
        Ok(())
    });
    let register = RegisterUser::new(clock([at(10)]), ids([7]), Arc::new(users), Arc::new(hashing()));
    assert_eq!(register.handle(command()).await.unwrap(), expected);
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused() {
    let register = refusing_to_add(AddUserError::EmailTaken);
    assert_refused!(register.handle(command()).await, RegisterUserError::EmailTaken);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_when_a_user_is_added() {
    let register = refusing_to_add(AddUserError::Storage(away()));
    assert_refused!(
        register.handle(command()).await,
        RegisterUserError::Storage(StorageError::Unavailable(_))
    );
}

#[tokio::test]
async fn nobody_is_added_when_the_password_could_not_be_hashed() {
    let mut users = MockUsers::new();
    users.expect_add().never();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().times(1).returning(|_| Err(away()));
    let register = RegisterUser::new(clock([]), ids([]), Arc::new(users), Arc::new(hasher));
    assert_refused!(
        register.handle(command()).await,
        RegisterUserError::Storage(StorageError::Unavailable(_))
    );
}
