//! Amounts of money as they go out.

use domain::money::Money;
use serde::{Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Object, RefOr, Schema, Type},
};

/// An amount, written as an exact JSON number: a float in between could lose the last digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Money);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(units) = self.0.whole_units() {
            return serializer.serialize_i64(units);
        }
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let number = Object::builder()
            .schema_type(Type::Number)
            .description(Some("An exact amount of money with at most 2 decimals."))
            .examples([150_000]);
        RefOr::T(number.build().into())
    }
}

impl ToSchema for Amount {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_amount_is_written_as_it_is_shown(minor: i64, units in -1_000_000_000_000_i64..1_000_000_000_000) {
            for amount in [Money::from_minor(minor), Money::from_minor(units * 100)] {
                prop_assert_eq!(serde_json::to_string(&Amount(amount)).unwrap(), amount.to_string());
            }
        }
    }

    #[test]
    fn an_amount_is_written_to_the_last_digit() {
        let text = |minor| serde_json::to_string(&Amount(Money::from_minor(minor))).unwrap();
        assert_eq!(text(99_999_999_999_999), "999999999999.99");
        assert_eq!(text(-10), "-0.1");
        assert_eq!(text(15_000_000), "150000");
    }
}
