//! Samples and stand-ins for this crate's tests.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use domain::{
    identity::{Email, Password, PasswordHash, SigningFailed},
    ids::{IdSource, MockIdSource, UserId},
    storage::StorageError,
    time::{Clock, MockClock, Timestamp},
};
use uuid::Uuid;

use crate::Credentials;

pub(crate) const USER: UserId = UserId(Uuid::from_u128(2));

/// Fails, and says which refusal was expected, unless the result is that refusal.
macro_rules! assert_refused {
    ($result:expr, $refusal:pat) => {
        let result = $result;
        assert!(
            matches!(result, Err($refusal)),
            "expected Err({}), but it was {result:?}",
            stringify!($refusal)
        );
    };
}
pub(crate) use assert_refused;

pub(crate) fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

/// A clock that is asked exactly as often as it has instants to tell.
pub(crate) fn clock<const N: usize>(instants: [Timestamp; N]) -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    let mut instants = instants.into_iter();
    clock.expect_now().times(N).returning(move || instants.next().unwrap());
    Arc::new(clock)
}

/// A source of these ids, and no more.
pub(crate) fn ids<const N: usize>(numbers: [u128; N]) -> Arc<dyn IdSource> {
    let mut source = MockIdSource::new();
    let mut numbers = numbers.into_iter();
    source.expect_next().times(..=N).returning(move || Uuid::from_u128(numbers.next().unwrap()));
    Arc::new(source)
}

/// What a store says that is away.
pub(crate) fn away() -> StorageError {
    StorageError::unavailable("the test has put the store away")
}

pub(crate) fn email() -> Email {
    Email::new("ada@example.org").unwrap()
}

pub(crate) fn password() -> Password {
    Password::new("correct horse".to_owned()).unwrap()
}

pub(crate) fn hash() -> PasswordHash {
    PasswordHash("the hash of it".to_owned())
}

pub(crate) fn credentials() -> Credentials {
    Credentials { email: email(), password: password() }
}

pub(crate) fn signing_failed() -> SigningFailed {
    SigningFailed("the test has lost the key".into())
}
