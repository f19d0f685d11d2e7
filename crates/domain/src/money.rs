//! Amounts of money, exact to two decimals.

use std::{fmt, iter::Sum};

use bigdecimal::{BigDecimal, ToPrimitive, num_bigint::BigInt};

/// An amount in the service's one currency, counted in its hundredths. May be negative in a ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(i64);

/// Why a decimal is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// More than two decimals.
    #[error("must have at most {} decimals", Money::DECIMALS)]
    TooManyDecimals,
    /// More than twelve digits before the decimals.
    #[error("must have at most {} digits before the decimals", Money::WHOLE_DIGITS)]
    TooManyDigits,
}

impl Money {
    /// Digits after the decimal point, at most.
    pub const DECIMALS: i64 = 2;
    /// Digits before the decimal point, at most, in an amount that comes from outside.
    pub const WHOLE_DIGITS: u64 = 12;
    /// Whatever ends with more zeros before the point than that is no amount.
    const FEWEST_DECIMALS: i64 = -100_000;
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `minor` hundredths.
    #[must_use]
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// An amount of `units` whole units of the currency.
    #[must_use]
    pub const fn from_units(units: i32) -> Self {
        // Widening an i32 and a factor of 100 can not overflow an i64.
        #[expect(clippy::as_conversions, reason = "`From` is not const, and widening loses nothing")]
        Self(units as i64 * 100)
    }

    /// The amount in hundredths.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Takes a decimal exactly, or not at all: nothing is rounded.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] when it has more than two decimals or more than twelve digits before them.
    pub fn from_decimal(decimal: &BigDecimal) -> Result<Self, MoneyError> {
        // Taking zeros away would overflow an exponent that is no amount's.
        if decimal.fractional_digit_count() < Self::FEWEST_DECIMALS {
            return Err(MoneyError::TooManyDigits);
        }
        let (digits, scale) = decimal.normalized().into_bigint_and_exponent();
        if scale > Self::DECIMALS {
            return Err(MoneyError::TooManyDecimals);
        }
        // Compared before anything is multiplied: an exponent of a billion must cost nothing.
        let significant = i64::try_from(digits.magnitude().to_string().len()).unwrap_or(i64::MAX);
        let whole_digits = i64::try_from(Self::WHOLE_DIGITS).unwrap_or(i64::MAX);
        if digits != BigInt::ZERO && significant.saturating_sub(scale) > whole_digits {
            return Err(MoneyError::TooManyDigits);
        }
        let shift =
            u32::try_from(Self::DECIMALS.saturating_sub(scale)).map_err(|_| MoneyError::TooManyDigits)?;
        if digits == BigInt::ZERO {
            return Ok(Self::ZERO);
        }
        (digits * BigInt::from(10).pow(shift)).to_i64().map(Self).ok_or(MoneyError::TooManyDigits)
    }

    /// The amount as a decimal with two decimals.
    #[must_use]
    pub fn to_decimal(self) -> BigDecimal {
        BigDecimal::new(BigInt::from(self.0), Self::DECIMALS)
    }

    /// The amount as a number of units, if it is a whole one.
    #[must_use]
    pub const fn whole_units(self) -> Option<i64> {
        if self.0 % 100 == 0 { Some(self.0 / 100) } else { None }
    }

    /// The sum, or nothing when it is out of every bound.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing when it is out of every bound.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The same amount the other way round: what a debit writes into the ledger.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Whether something is given, not nothing and not taken.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether something is taken.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl Sum for Money {
    /// Adds amounts; prices and balances are bounded so far below the limits of an `i64` that a sum that
    /// stops there is never seen.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl fmt::Display for Money {
    /// Writes the amount in its shortest exact form: `150000`, `0.5`, `-12.34`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (units, hundredths) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        match hundredths {
            0 => write!(formatter, "{sign}{units}"),
            tenths if tenths % 10 == 0 => write!(formatter, "{sign}{units}.{}", tenths / 10),
            _ => write!(formatter, "{sign}{units}.{hundredths:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    fn money(text: &str) -> Result<Money, MoneyError> {
        Money::from_decimal(&BigDecimal::from_str(text).unwrap())
    }

    #[test]
    fn two_decimals_are_the_most() {
        assert_eq!(money("10.01"), Ok(Money::from_minor(1001)));
        assert_eq!(money("10.010000"), Ok(Money::from_minor(1001)));
        assert_eq!(money("10.001"), Err(MoneyError::TooManyDecimals));
        assert_eq!(money("1e-9"), Err(MoneyError::TooManyDecimals));
    }

    #[test]
    fn twelve_digits_before_the_decimals_are_the_most() {
        assert_eq!(money("999999999999.99"), Ok(Money::from_minor(99_999_999_999_999)));
        assert_eq!(money("1000000000000"), Err(MoneyError::TooManyDigits));
        assert_eq!(money("1e12"), Err(MoneyError::TooManyDigits));
        assert_eq!(money("-1e12"), Err(MoneyError::TooManyDigits));
    }

    #[test]
    fn an_exponent_of_a_billion_is_refused_at_once() {
        assert_eq!(money("1e1000000000"), Err(MoneyError::TooManyDigits));
        assert_eq!(money("100e9223372036854775807"), Err(MoneyError::TooManyDigits));
        assert_eq!(money("100e-9223372036854775807"), Err(MoneyError::TooManyDecimals));
        assert_eq!(money("1e-1000000000"), Err(MoneyError::TooManyDecimals));
    }

    #[test]
    fn nothing_is_an_amount_in_every_spelling() {
        for text in ["0", "0.00", "-0", "0e5"] {
            assert_eq!(money(text), Ok(Money::ZERO), "{text}");
        }
    }

    #[test]
    fn an_amount_is_written_in_its_shortest_form() {
        assert_eq!(Money::from_minor(15_000_000).to_string(), "150000");
        assert_eq!(Money::from_minor(50).to_string(), "0.5");
        assert_eq!(Money::from_minor(-1234).to_string(), "-12.34");
        assert_eq!(Money::from_minor(-5).to_string(), "-0.05");
    }

    #[test]
    fn an_amount_is_counted_in_hundredths() {
        assert_eq!([Money::from_units(3), Money::from_minor(-7)].map(Money::minor), [300, -7]);
    }

    #[test]
    fn nothing_is_neither_given_nor_taken() {
        let signs = [1, 0, -1]
            .map(|minor| (Money::from_minor(minor).is_positive(), Money::from_minor(minor).is_negative()));
        assert_eq!(signs, [(true, false), (false, false), (false, true)]);
        assert_eq!(Money::ZERO.to_string(), "0");
    }

    proptest! {
        #[test]
        fn an_amount_survives_the_way_through_a_decimal_and_a_text(minor in -99_999_999_999_999_i64..=99_999_999_999_999) {
            let amount = Money::from_minor(minor);
            prop_assert_eq!(Money::from_decimal(&amount.to_decimal()), Ok(amount));
            prop_assert_eq!(money(&amount.to_string()), Ok(amount));
        }

        #[test]
        fn a_third_decimal_is_never_rounded_away(minor in 0_i64..1_000_000_000, third in 1_i64..=9) {
            let text = format!("{}.{:02}{third}", minor / 100, minor % 100);
            prop_assert_eq!(money(&text), Err(MoneyError::TooManyDecimals));
        }
    }
}
