//! Instants, in and out: RFC 3339.

use chrono::{DateTime, Datelike, SecondsFormat};
use domain::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, Object, RefOr, Schema, SchemaFormat, Type},
};

/// An instant, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Instant {
    /// Reads an instant; what is finer than a microsecond is dropped, since nothing keeps it.
    fn read(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        let instant = Timestamp::from_timestamp_micros(instant.timestamp_micros())?;
        // Only these years have a spelling of four digits, whatever the offset they came with.
        (0..=9999).contains(&instant.year()).then_some(Self(instant))
    }
}

impl From<Timestamp> for Instant {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text)
            .ok_or_else(|| D::Error::custom("must be an instant by RFC 3339, as in 2026-12-24T10:30:00Z"))
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let text = Object::builder()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant by RFC 3339; the service answers in UTC."))
            .examples(["2026-12-24T10:30:00Z"]);
        RefOr::T(text.build().into())
    }
}

impl ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(text: &str) -> Option<String> {
        let json = serde_json::to_string(&Instant::read(text)?).unwrap();
        Some(json.trim_matches('"').to_owned())
    }

    #[test]
    fn an_instant_is_told_in_utc_and_no_finer_than_needed() {
        let told = [
            ("2026-12-24T10:30:00Z", "2026-12-24T10:30:00Z"),
            ("2026-12-24T19:30:00+09:00", "2026-12-24T10:30:00Z"),
            ("2026-12-24T10:30:00.120Z", "2026-12-24T10:30:00.120Z"),
            ("2026-12-24T10:30:00.123456789Z", "2026-12-24T10:30:00.123456Z"),
        ];
        for (text, expected) in told {
            assert_eq!(again(text).as_deref(), Some(expected));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_as_an_instant_is_told_as_the_same_or_refused(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|z|[-+][0-9]{2}:[0-9]{2})?|.{0,40}"
        ) {
            if let Some(told) = again(&text) {
                prop_assert_eq!(Instant::read(&told), Instant::read(&text));
            }
        }
    }

    #[test]
    fn an_instant_that_does_not_exist_is_refused() {
        for text in [
            "",
            "2026-02-29T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-12-24T25:00:00Z",
            "2026-12-24",
            "2026-12-24T10:30:00",
            "0000-01-01T00:00:00+09:00",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(Instant::read(text), None, "{text}");
        }
    }
}
