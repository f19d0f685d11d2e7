//! Charging a balance: the rules, and the decision they lead to.

use crate::{
    idempotency::{Fingerprint, IdempotencyRecord, KeyedRequest},
    ids::{TicketId, TransactionId, UserId},
    money::Money,
    time::Timestamp,
    waiting_room::Ticket,
};

/// How much may be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargePolicy {
    /// The most at once.
    pub charge_at_most: Money,
    /// The most a wallet holds.
    pub balance_at_most: Money,
}

impl Default for ChargePolicy {
    /// Ten million at once, a hundred million in all.
    fn default() -> Self {
        Self {
            charge_at_most: Money::from_units(10_000_000),
            balance_at_most: Money::from_units(100_000_000),
        }
    }
}

/// Somebody's wish to charge the own balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    /// Who.
    pub user: UserId,
    /// With which ticket.
    pub ticket: TicketId,
    /// How much.
    pub amount: Money,
}

impl ChargeRequest {
    /// What is asked, in one spelling.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(format!("amount={}", self.amount))
    }
}

/// What a decision about a charge is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeFacts {
    /// The caller's ticket; none when there is no such ticket.
    pub ticket: Option<Ticket>,
    /// What is stored under the caller's key.
    pub recorded: Option<IdempotencyRecord>,
    /// What the wallet holds.
    pub balance: Money,
}

/// Why a balance was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChargeRefused {
    /// Nothing, less than nothing, or more than may be charged at once.
    #[error("an amount must be above 0 and at most {at_most}")]
    InvalidAmount {
        /// The most at once.
        at_most: Money,
    },
    /// The wallet would hold more than a wallet may.
    #[error("a balance must be at most {at_most}")]
    BalanceLimitExceeded {
        /// The most a wallet holds.
        at_most: Money,
    },
}

/// The decision to charge a balance. It may be committed only while all of this is true: the ticket's turn
/// is live; the balance is at most `balance_at_most`; the key is unused. What the balance is does not
/// matter otherwise, so simultaneous charges do not make each other stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceCharged {
    /// The ticket whose turn it has to be.
    pub ticket: TicketId,
    /// Whose wallet.
    pub user: UserId,
    /// The id of the entry to add to the ledger.
    pub entry: TransactionId,
    /// How much is added.
    pub amount: Money,
    /// The most the wallet may hold before.
    pub balance_at_most: Money,
    /// When.
    pub at: Timestamp,
    /// The key to store with it.
    pub keyed: Option<KeyedRequest>,
}

impl ChargePolicy {
    /// Whether so much may be charged at once.
    ///
    /// # Errors
    ///
    /// [`ChargeRefused::InvalidAmount`] when it is not above nothing or too much.
    pub fn check_amount(&self, amount: Money) -> Result<(), ChargeRefused> {
        if amount.is_positive() && amount <= self.charge_at_most {
            Ok(())
        } else {
            Err(ChargeRefused::InvalidAmount { at_most: self.charge_at_most })
        }
    }
}

impl ChargeFacts {
    /// Decides how full the wallet may be for the charge to be taken. That it is the caller's turn is for
    /// [`crate::waiting_room::require_turn`] to say.
    ///
    /// # Errors
    ///
    /// [`ChargeRefused`], which says why the charge is not taken.
    pub fn charge(&self, amount: Money, policy: &ChargePolicy) -> Result<Money, ChargeRefused> {
        policy.check_amount(amount)?;
        let refused = ChargeRefused::BalanceLimitExceeded { at_most: policy.balance_at_most };
        let room = policy.balance_at_most.checked_sub(amount).ok_or(refused)?;
        if self.balance <= room { Ok(room) } else { Err(refused) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: ChargePolicy =
        ChargePolicy { charge_at_most: Money::from_units(100), balance_at_most: Money::from_units(1_000) };

    fn facts(balance: Money) -> ChargeFacts {
        ChargeFacts { ticket: None, recorded: None, balance }
    }

    #[test]
    fn nothing_less_than_nothing_and_too_much_can_not_be_charged() {
        let refused = Err(ChargeRefused::InvalidAmount { at_most: POLICY.charge_at_most });
        for minor in [i64::MIN, -1, 0, 10_001, i64::MAX] {
            assert_eq!(facts(Money::ZERO).charge(Money::from_minor(minor), &POLICY), refused, "{minor}");
        }
    }

    #[test]
    fn the_smallest_and_the_largest_charge_are_taken() {
        for minor in [1, 10_000] {
            assert!(facts(Money::ZERO).charge(Money::from_minor(minor), &POLICY).is_ok(), "{minor}");
        }
    }

    proptest! {
        #[test]
        fn a_wallet_never_holds_more_than_it_may(balance in 0_i64..=100_000, amount in 1_i64..=10_000) {
            let (balance, amount) = (Money::from_minor(balance), Money::from_minor(amount));
            let after = balance.checked_add(amount).unwrap();
            match facts(balance).charge(amount, &POLICY) {
                Ok(room) => {
                    prop_assert!(after <= POLICY.balance_at_most);
                    prop_assert_eq!(room.checked_add(amount), Some(POLICY.balance_at_most));
                }
                Err(_) => prop_assert!(after > POLICY.balance_at_most),
            }
        }
    }
}
