use domain::identity::{Login, MockFailedLogins, MockPasswordHasher, MockUsers, PasswordHash};

use super::*;
use crate::samples::{USER, assert_refused, at, away, clock, credentials, email, hash, password};

fn known() -> Login {
    Login { user: USER, password: hash() }
}

fn finding(login: Option<Login>) -> MockUsers {
    let mut users = MockUsers::new();
    users.expect_login_of().times(1).returning(move |asked| {
        assert_eq!(asked.as_str(), email().as_str(), "the address that is looked up");
        Ok(login.clone())
    });
    users
}

fn answering(expected: Option<PasswordHash>, verified: bool) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().times(1).returning(move |typed, hash| {
        assert_eq!(typed.reveal(), password().reveal(), "the password that is checked");
        assert!(hash == expected, "the password is checked against another hash than expected");
        Ok(verified)
    });
    hasher
}

fn open_address() -> MockFailedLogins {
    let mut failed_logins = MockFailedLogins::new();
    failed_logins.expect_closed_for().times(1).returning(|asked, now| {
        assert_eq!(
            (asked.as_str(), now),
            (email().as_str(), at(10)),
            "the address that is asked for, and when"
        );
        None
    });
    failed_logins
}

fn counting_a_failure() -> MockFailedLogins {
    let mut failed_logins = open_address();
    failed_logins.expect_failed().times(1).returning(|of, now| {
        assert_eq!((of.as_str(), now), (email().as_str(), at(10)), "whose failure is counted, and when");
        None
    });
    failed_logins.expect_succeeded().never();
    failed_logins
}

fn counting_nothing() -> MockFailedLogins {
    let mut failed_logins = open_address();
    failed_logins.expect_failed().never();
    failed_logins.expect_succeeded().never();
    failed_logins
}

fn use_case(
    users: MockUsers,
    hasher: MockPasswordHasher,
    failed_logins: MockFailedLogins,
) -> VerifyCredentials {
    VerifyCredentials::new(clock([at(10)]), Arc::new(users), Arc::new(hasher), Arc::new(failed_logins))
}

#[tokio::test]
async fn the_right_password_tells_the_user_and_forgets_the_failures() {
    let mut failed_logins = open_address();
    failed_logins.expect_failed().never();
    failed_logins.expect_succeeded().times(1).returning(|of, now| {
        assert_eq!((of.as_str(), now), (email().as_str(), at(10)), "whose failures are forgotten, and when");
        None
    });
    let verify = use_case(finding(Some(known())), answering(Some(hash()), true), failed_logins);
    assert_eq!(verify.handle(credentials()).await.unwrap(), USER);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_counted() {
    let verify = use_case(finding(Some(known())), answering(Some(hash()), false), counting_a_failure());
    assert_refused!(verify.handle(credentials()).await, VerifyCredentialsError::BadCredentials);
}

#[tokio::test]
async fn an_unknown_address_costs_a_check_and_is_refused_and_counted_alike() {
    let verify = use_case(finding(None), answering(None, false), counting_a_failure());
    assert_refused!(verify.handle(credentials()).await, VerifyCredentialsError::BadCredentials);
}

#[tokio::test]
async fn an_unknown_address_is_refused_even_if_the_check_said_yes() {
    let verify = use_case(finding(None), answering(None, true), counting_a_failure());
    assert_refused!(verify.handle(credentials()).await, VerifyCredentialsError::BadCredentials);
}

#[tokio::test]
async fn a_closed_address_is_refused_before_anything_is_looked_at() {
    let mut failed_logins = MockFailedLogins::new();
    failed_logins.expect_closed_for().times(1).returning(|_, _| Some(Duration::seconds(42)));
    let mut users = MockUsers::new();
    users.expect_login_of().never();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().never();
    assert_closed_for_42_seconds(use_case(users, hasher, failed_logins)).await;
}

async fn assert_closed_for_42_seconds(verify: VerifyCredentials) {
    let refused = verify.handle(credentials()).await;
    let expected = Duration::seconds(42);
    assert!(
        matches!(refused, Err(VerifyCredentialsError::TooManyFailures { retry_after }) if retry_after == expected),
        "expected to be told to wait for {expected}, but it was {refused:?}"
    );
}

#[tokio::test]
async fn an_address_closed_while_a_wrong_password_was_checked_is_closed() {
    let mut failed_logins = open_address();
    failed_logins.expect_failed().times(1).returning(|_, _| Some(Duration::seconds(42)));
    let verify = use_case(finding(Some(known())), answering(Some(hash()), false), failed_logins);
    assert_closed_for_42_seconds(verify).await;
}

#[tokio::test]
async fn an_address_closed_while_the_right_password_was_checked_is_closed() {
    let mut failed_logins = open_address();
    failed_logins.expect_succeeded().times(1).returning(|_, _| Some(Duration::seconds(42)));
    let verify = use_case(finding(Some(known())), answering(Some(hash()), true), failed_logins);
    assert_closed_for_42_seconds(verify).await;
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_counts_as_no_failure() {
    let mut users = MockUsers::new();
    users.expect_login_of().times(1).returning(|_| Err(away()));
    let verify = use_case(users, MockPasswordHasher::new(), counting_nothing());
    assert_refused!(
        verify.handle(credentials()).await,
        VerifyCredentialsError::Storage(StorageError::Unavailable(_))
    );
}

#[tokio::test]
async fn a_check_that_could_not_be_made_is_told_and_counts_as_no_failure() {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().times(1).returning(|_, _| Err(away()));
    let verify = use_case(finding(Some(known())), hasher, counting_nothing());
    assert_refused!(
        verify.handle(credentials()).await,
        VerifyCredentialsError::Storage(StorageError::Unavailable(_))
    );
}
