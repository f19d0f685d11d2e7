//! Asking again without doing again.
//!
//! A caller names a change with a key. The key is stored in the transaction of the change, together with
//! what was asked and which row came of it; whoever sends the key again gets the first answer, made anew
//! from that row, whose facts never change.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{storage::StorageError, time::Timestamp};

/// The caller's name for one change: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// A key was empty, too long, or had other than visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Checks a key.
    ///
    /// # Errors
    ///
    /// [`IdempotencyKeyError`] when it is not 1 to 255 visible ASCII characters.
    pub fn new(key: &[u8]) -> Result<Self, IdempotencyKeyError> {
        if key.is_empty() || key.len() > 255 || !key.iter().all(u8::is_ascii_graphic) {
            return Err(IdempotencyKeyError);
        }
        Ok(Self(key.iter().copied().map(char::from).collect()))
    }

    /// The key as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The changes that take a key. A key counts for one user and one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Holding seats.
    HoldSeats,
    /// Paying for a reservation.
    PayReservation,
    /// Charging a balance.
    ChargeBalance,
}

impl Operation {
    /// The operation's lasting name in a store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HoldSeats => "HOLD_SEATS",
            Self::PayReservation => "PAY_RESERVATION",
            Self::ChargeBalance => "CHARGE_BALANCE",
        }
    }
}

/// What was asked, in one canonical spelling: two requests ask the same if their fingerprints are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub String);

/// A key together with what was asked under it: what a change stores beside its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// What was asked.
    pub fingerprint: Fingerprint,
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// What was asked when the key was first used.
    pub fingerprint: Fingerprint,
    /// The row that came of it: a reservation, a payment or a ledger entry.
    pub result: Uuid,
}

/// A key was used before, for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this idempotency key was used for a different request")]
pub struct KeyReused;

impl IdempotencyRecord {
    /// The row that answers `fingerprint`.
    ///
    /// # Errors
    ///
    /// [`KeyReused`] when something else was asked under the key.
    pub fn result_for(&self, fingerprint: &Fingerprint) -> Result<Uuid, KeyReused> {
        if self.fingerprint == *fingerprint { Ok(self.result) } else { Err(KeyReused) }
    }
}

/// An answer, and whether it was given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Whether the change had happened before, under the same key.
    pub replayed: bool,
}

impl<T> Answer<T> {
    /// The answer to a change that has just happened.
    pub const fn fresh(value: T) -> Self {
        Self { value, replayed: false }
    }

    /// The first answer again.
    pub const fn replayed(value: T) -> Self {
        Self { value, replayed: true }
    }
}

/// The keys that are kept.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IdempotencyRecords: Send + Sync {
    /// Forgets up to `at_most` keys stored before `instant`, and tells how many. MUST leave younger ones.
    async fn forget_before(&self, instant: Timestamp, at_most: u32) -> Result<u64, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_visible_ascii_characters() {
        assert!(IdempotencyKey::new(b"a").is_ok());
        assert!(IdempotencyKey::new(&[b'~'; 255]).is_ok());
        for bad in [&b""[..], &[b'a'; 256], b"a b", b"a\tb", "ключ".as_bytes(), b"\x7f"] {
            assert_eq!(IdempotencyKey::new(bad), Err(IdempotencyKeyError), "{bad:?}");
        }
    }

    #[test]
    fn a_key_answers_only_what_was_asked_under_it() {
        let record =
            IdempotencyRecord { fingerprint: Fingerprint("amount=1".into()), result: Uuid::from_u128(7) };
        assert_eq!(record.result_for(&Fingerprint("amount=1".into())), Ok(Uuid::from_u128(7)));
        assert_eq!(record.result_for(&Fingerprint("amount=2".into())), Err(KeyReused));
    }

    #[test]
    fn a_key_is_kept_as_it_was_sent() {
        assert_eq!(IdempotencyKey::new(b"order-17").unwrap().as_str(), "order-17");
    }

    #[test]
    fn an_operation_has_a_lasting_name_of_its_own() {
        let operations = [Operation::HoldSeats, Operation::PayReservation, Operation::ChargeBalance];
        assert_eq!(operations.map(Operation::as_str), ["HOLD_SEATS", "PAY_RESERVATION", "CHARGE_BALANCE"]);
    }
}
