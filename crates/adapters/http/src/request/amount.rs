//! Amounts of money as they come in: exact, as a number or as a number in a string.

use std::{borrow::Cow, str::FromStr};

use bigdecimal::BigDecimal;
use domain::money::{Money, MoneyError};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest spelling of an amount that is looked at.
const CHARACTERS_AT_MOST: usize = 64;

/// Why what came in is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GivenAmountError {
    #[error("must be a number")]
    NoNumber,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// An amount as it was written in a body. Its text is kept, since a float would not be exact.
#[derive(Debug, Deserialize)]
pub(crate) struct GivenAmount(Box<RawValue>);

impl GivenAmount {
    /// The exact amount.
    pub(crate) fn money(&self) -> Result<Money, GivenAmountError> {
        let text = number_text(self.0.get()).ok_or(GivenAmountError::NoNumber)?;
        let decimal = BigDecimal::from_str(&text).map_err(|_| GivenAmountError::NoNumber)?;
        Ok(Money::from_decimal(&decimal)?)
    }
}

/// The text of a JSON number, or of one in a JSON string.
fn number_text(json: &str) -> Option<Cow<'_, str>> {
    let text = if json.starts_with('"') {
        Cow::Owned(serde_json::from_str::<String>(json).ok()?)
    } else {
        Cow::Borrowed(json)
    };
    (text.len() <= CHARACTERS_AT_MOST && is_json_number(&text)).then_some(text)
}

/// Whether a text is a number by JSON's grammar: what else a decimal can be made of is not asked for.
fn is_json_number(text: &str) -> bool {
    let begins_as_one = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    begins_as_one && serde_json::from_str::<&RawValue>(text).is_ok_and(|value| value.get() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(json: &str) -> Result<String, GivenAmountError> {
        let amount: GivenAmount = serde_json::from_str(json).unwrap();
        amount.money().map(|money| money.to_string())
    }

    #[test]
    fn an_amount_is_taken_exactly() {
        let exact = [
            ("0.1", "0.1"),
            ("999999999999.99", "999999999999.99"),
            ("\"999999999999.99\"", "999999999999.99"),
            ("1e2", "100"),
            ("-5", "-5"),
        ];
        for (json, expected) in exact {
            assert_eq!(money(json), Ok(expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_amount() {
        let long = format!("1.{}", "0".repeat(64));
        for json in [
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\" 1\"",
            "\"1 \"",
            "\"1_000\"",
            "\"+1\"",
            "\".5\"",
            "\"5.\"",
            "\"0x10\"",
            "\"NaN\"",
            "\"1,5\"",
            "\"١\"",
            &long,
        ] {
            assert_eq!(money(json), Err(GivenAmountError::NoNumber), "{json}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_as_an_amount_is_taken_exactly_or_refused(text in "[-+ ]?[0-9.eE_]{0,70}|.{0,70}") {
            let json = serde_json::to_string(&text).unwrap();
            let amount: GivenAmount = serde_json::from_str(&json).unwrap();
            if let Ok(money) = amount.money() {
                let (sent, taken) = (BigDecimal::from_str(&text).unwrap(), money.to_string());
                prop_assert_eq!(sent, BigDecimal::from_str(&taken).unwrap());
            }
        }

        #[test]
        fn an_amount_is_the_same_as_a_number_and_as_a_text(minor in -99_999_999_999_999_i64..=99_999_999_999_999) {
            let sign = if minor < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100);
            for json in [text.clone(), format!("\"{text}\"")] {
                let amount: GivenAmount = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(amount.money(), Ok(Money::from_minor(minor)), "{}", json);
            }
        }
    }

    #[test]
    fn an_amount_out_of_bounds_is_refused_at_once() {
        assert_eq!(money("1e999999999999"), Err(GivenAmountError::Money(MoneyError::TooManyDigits)));
        assert_eq!(money("0.001"), Err(GivenAmountError::Money(MoneyError::TooManyDecimals)));
        assert!(money("1e99999999999999999999").is_err());
    }
}
