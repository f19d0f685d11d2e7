//! The words that stand in the stores for the domain's choices.

use domain::{
    payment::PaymentStatus,
    reservation::ReservationStatus,
    storage::StorageError,
    waiting_room::{AdmissionStrategy, EndReason, RoomState},
    wallet::EntryKind,
};

/// A choice of the domain that is stored as a word.
pub(crate) trait Code: Copy + Sized + 'static {
    /// Every choice with its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word of a choice.
    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::WORDS.iter().find(|(choice, _)| *choice == self).map_or("", |(_, word)| word)
    }

    /// The choice of a word; a word that has none is a fault of the store.
    fn parse(word: &str) -> Result<Self, StorageError> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word).map(|(choice, _)| *choice);
        found.ok_or_else(|| StorageError::unexpected(format!("the store has an unknown word: {word}")))
    }
}

impl Code for ReservationStatus {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Reserved, "RESERVED"),
        (Self::Paid, "PAID"),
        (Self::Cancelled, "CANCELLED"),
        (Self::Expired, "EXPIRED"),
    ];
}

impl Code for PaymentStatus {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Paid, "PAID"), (Self::Refunded, "REFUNDED")];
}

impl Code for EntryKind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Charge, "CHARGE"), (Self::Payment, "PAYMENT"), (Self::Refund, "REFUND")];
}

impl Code for EndReason {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Paid, "PAID"),
        (Self::Left, "LEFT"),
        (Self::TimedOut, "TIMED_OUT"),
        (Self::NoShow, "NO_SHOW"),
    ];
}

impl Code for AdmissionStrategy {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::MaxActive, "MAX_ACTIVE"), (Self::FixedRate, "FIXED_RATE"), (Self::Both, "BOTH")];
}

impl Code for RoomState {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Open, "OPEN"), (Self::Paused, "PAUSED"), (Self::Draining, "DRAINING")];
}

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketStatus {
    Waiting,
    Active,
    Ended,
}

impl Code for TicketStatus {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Waiting, "WAITING"), (Self::Active, "ACTIVE"), (Self::Ended, "ENDED")];
}
