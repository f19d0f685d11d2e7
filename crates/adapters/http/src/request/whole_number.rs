//! Whole numbers in bodies.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// A number without a fraction, however it is written: to JSON Schema `13.0` is an integer, too. One beyond what an
/// `i64` holds is the last that it holds, which is beyond every bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WholeNumber(pub(crate) i64);

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(AnySpelling).map(Self)
    }
}

struct AnySpelling;

impl Visitor<'_> for AnySpelling {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E>(self, number: u64) -> Result<i64, E> {
        Ok(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        if number.fract() != 0.0 {
            return Err(E::custom("must be a whole number"));
        }
        let beyond = if number < 0.0 { i64::MIN } else { i64::MAX };
        Ok(format!("{number:.0}").parse().unwrap_or(beyond))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<i64> {
        serde_json::from_str::<WholeNumber>(json).ok().map(|number| number.0)
    }

    #[test]
    fn a_number_without_a_fraction_is_whole_however_it_is_written() {
        let same =
            [("13", 13), ("13.0", 13), ("1.3e1", 13), ("-0.0", 0), ("-2.0", -2), ("1e9", 1_000_000_000)];
        for (json, number) in same {
            assert_eq!(read(json), Some(number), "{json}");
        }
    }

    #[test]
    fn what_is_not_whole_or_no_number_is_refused() {
        for json in ["1.5", "1e-1", "\"13\"", "null", "true", "[]", "{}"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn a_number_too_large_to_be_kept_is_beyond_every_bound() {
        for json in ["99999999999999999999", "1e300", "18446744073709551615"] {
            assert_eq!(read(json), Some(i64::MAX), "{json}");
        }
        assert_eq!(read("-1e300"), Some(i64::MIN));
    }

    proptest! {
        #[test]
        fn every_number_is_read_as_it_is(number: i64) {
            prop_assert_eq!(read(&number.to_string()), Some(number));
        }
    }
}
