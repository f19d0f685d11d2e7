//! Users and where they are kept.

use std::fmt;

use async_trait::async_trait;

use super::PasswordHash;
use crate::{ids::UserId, storage::StorageError, text::Name, time::Timestamp};

/// A text was no email address: something before and after one `@`, at most 254 characters, no white space
/// and no control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address of at most {} characters", Email::CHARACTERS_AT_MOST)]
pub struct EmailError;

/// An email address, in lower case, since addresses are compared without case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The longest address that mail can carry (RFC 5321, 4.5.3.1.3, less the angle brackets).
    pub const CHARACTERS_AT_MOST: usize = 254;

    /// Checks an address.
    ///
    /// # Errors
    ///
    /// [`EmailError`] when it is none.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let (mailbox, host) = text.split_once('@').ok_or(EmailError)?;
        let unusable = |character: char| character.is_whitespace() || character.is_control();
        let whole = !mailbox.is_empty() && !host.is_empty() && !host.contains('@');
        if !whole || text.chars().any(unusable) || text.chars().count() > Self::CHARACTERS_AT_MOST {
            return Err(EmailError);
        }
        // A character at a time: the lower case of a text as a whole depends on where a letter stands in it.
        Ok(Self(text.chars().flat_map(char::to_lowercase).collect()))
    }

    /// The address as a text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    /// Keeps the address out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Email(..)")
    }
}

/// Somebody who may buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What the user is called.
    pub name: Name,
    /// The address the user logs in with; no two users share one.
    pub email: Email,
    /// When the user registered.
    pub registered_at: Timestamp,
}

/// A user's answer to "is it you": what a login is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whose it is.
    pub user: UserId,
    /// The hash of the password.
    pub password: PasswordHash,
}

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Another user has this address.
    #[error("this email address belongs to another user")]
    EmailTaken,
    /// The store could not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Where users are kept.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a user with an empty wallet. MUST answer [`AddUserError::EmailTaken`], also under simultaneous
    /// tries, when another user has the address.
    async fn add(&self, user: &User, password: &PasswordHash) -> Result<(), AddUserError>;

    /// What a login with `email` is checked against; none when nobody has the address.
    async fn login_of(&self, email: &Email) -> Result<Option<Login>, StorageError>;

    /// Whether there is such a user.
    async fn exists(&self, id: UserId) -> Result<bool, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case() {
        assert_eq!(Email::new("Ada@Example.ORG"), Email::new("ada@example.org"));
        assert_eq!(Email::new("ΑΣ@example.org"), Email::new("ασ@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(243));
        for text in ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c", "a\n@c", "a\u{0}@c", &long] {
            assert_eq!(Email::new(text), Err(EmailError), "{text:?}");
        }
    }

    #[test]
    fn an_address_of_254_characters_is_the_longest() {
        assert!(Email::new(&format!("{}@example.org", "a".repeat(242))).is_ok());
    }

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(Email::new("Ada@Example.ORG").unwrap().as_str(), "ada@example.org");
    }
}
