//! Passwords, and how they are kept.

use std::fmt;

use async_trait::async_trait;

use crate::storage::StorageError;

/// A text was no password: 8 to 128 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have {} to {} characters", Password::CHARACTERS_AT_LEAST, Password::CHARACTERS_AT_MOST)]
pub struct PasswordError;

/// A password as it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The fewest characters of a password.
    pub const CHARACTERS_AT_LEAST: usize = 8;
    /// The most characters of a password.
    pub const CHARACTERS_AT_MOST: usize = 128;

    /// Checks a password's length.
    ///
    /// # Errors
    ///
    /// [`PasswordError`] when it is not 8 to 128 characters long.
    pub fn new(text: String) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        if (Self::CHARACTERS_AT_LEAST..=Self::CHARACTERS_AT_MOST).contains(&length) {
            Ok(Self(text))
        } else {
            Err(PasswordError)
        }
    }

    /// A password as somebody tries to log in with it: of any length, since only the hash tells whether it is
    /// the right one.
    #[must_use]
    pub const fn attempted(text: String) -> Self {
        Self(text)
    }

    /// The password itself, for the one who hashes it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    /// Keeps the password out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    /// Keeps the hash out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

/// Turns passwords into hashes and checks them.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// A salted hash of `password`. [`StorageError::Unavailable`] when more wait for one than is sane.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, StorageError>;

    /// Whether `password` is the one that was hashed. Without a hash (nobody has the address) the answer is
    /// no, and MUST cost what it costs with one.
    async fn verify(&self, password: &Password, hash: Option<PasswordHash>) -> Result<bool, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters() {
        for good in [8, 128] {
            assert!(Password::new("ä".repeat(good)).is_ok(), "{good}");
        }
        for bad in [0, 7, 129] {
            assert_eq!(Password::new("ä".repeat(bad)), Err(PasswordError), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_written_by_debug() {
        let password = Password::new("correct horse".into()).unwrap();
        let hash = PasswordHash("correct horse".into());
        assert!(!format!("{password:?} {hash:?}").contains("horse"));
    }

    #[test]
    fn a_password_is_what_was_typed() {
        assert_eq!(Password::new("correct horse".into()).unwrap().reveal(), "correct horse");
        assert_eq!(Password::attempted("x".into()).reveal(), "x");
    }
}
