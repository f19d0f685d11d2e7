//! The secret that tokens are signed with.

use std::fmt;

/// A secret of at least 32 bytes: as long as the hash it keys, as RFC 7518, section 3.2, asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

/// A secret was too short to keep anybody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenSecretError;

impl std::error::Error for TokenSecretError {}

impl fmt::Display for TokenSecretError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "must have at least {} bytes", TokenSecret::BYTES_AT_LEAST)
    }
}

impl TokenSecret {
    /// The fewest bytes of a secret.
    pub const BYTES_AT_LEAST: usize = 32;

    /// Checks a secret's length.
    ///
    /// # Errors
    ///
    /// [`TokenSecretError`] when it has fewer than 32 bytes.
    pub fn new(secret: String) -> Result<Self, TokenSecretError> {
        if secret.len() < Self::BYTES_AT_LEAST { Err(TokenSecretError) } else { Ok(Self(secret)) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for TokenSecret {
    /// Keeps the secret out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_at_least_32_bytes_and_is_not_written_by_debug() {
        assert_eq!(TokenSecret::new("x".repeat(31)), Err(TokenSecretError));
        let secret = TokenSecret::new("x".repeat(32)).unwrap();
        assert!(!format!("{secret:?}").contains("xx"));
    }
}
