//! Samples and stand-ins for this crate's tests, beside those that all share.

use domain::identity::{Email, Password, PasswordHash, SigningFailed};
pub(crate) use domain::{
    assert_refused,
    samples::{USER, at, away, clock, just_ids as ids},
};

use crate::Credentials;

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
