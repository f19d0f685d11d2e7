//! Query parameters: each at most once, none empty; those that are not asked for are ignored.

use std::fmt;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use domain::page::{Cursor, PageLimit, PageRequest};
use serde_json::json;
use utoipa::{
    IntoParams,
    openapi::{
        Object, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};
use uuid::Uuid;

use crate::problem::Problem;

/// The query of a request.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The value of a parameter, if it is there, as `read` makes it out.
    pub(crate) fn read<T, E: fmt::Display>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Problem::invalid(name, "must be given once"));
        }
        read(value).map(Some).map_err(|error| Problem::invalid(name, error))
    }

    /// Which page is wanted.
    pub(crate) fn page(&self) -> Result<PageRequest, Problem> {
        let limit = self.read("limit", limit)?.unwrap_or_default();
        let after = self.read("cursor", |text| decode_cursor(text).ok_or("is not one that was given out"))?;
        Ok(PageRequest { after, limit })
    }

    /// Whether `status=all` is there.
    pub(crate) fn all(&self) -> Result<bool, Problem> {
        let all = self.read("status", |text| if text == "all" { Ok(()) } else { Err("must be `all`") })?;
        Ok(all.is_some())
    }
}

impl FromRequest for Query {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(query_of(request.query_string())))
    }
}

/// Reads a query. Whatever bytes it has, it has pairs.
fn query_of(text: &str) -> Query {
    Query(web::Query::from_query(text).map(web::Query::into_inner).unwrap_or_default())
}

fn limit(text: &str) -> Result<PageLimit, String> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if all_digits { text.parse().unwrap_or(i64::MAX) } else { 0 };
    PageLimit::new(number).map_err(|error| error.to_string())
}

/// The last instant that has a spelling in RFC 3339, in microseconds: no position is beyond.
const LAST_POSITION: i64 = 253_402_300_799_999_999;

/// A cursor as it is given out: 48 hexadecimal digits, of which nobody need know the meaning.
pub(crate) fn encode_cursor(cursor: Cursor) -> String {
    format!("{:016x}{}", cursor.position.cast_unsigned(), cursor.id.simple())
}

fn decode_cursor(text: &str) -> Option<Cursor> {
    let digits = text.len() == 48 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let (position, id) = if digits { text.split_at_checked(16)? } else { return None };
    // An invented position must not reach a store as an instant that it can not tell.
    let position = u64::from_str_radix(position, 16).ok()?.cast_signed().clamp(0, LAST_POSITION);
    Some(Cursor { position, id: Uuid::try_parse(id).ok()? })
}

/// The parameters of every list that is read a page at a time.
pub(crate) struct PageParameters;

impl IntoParams for PageParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = Object::builder()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(PageLimit::MOST))
            .default(Some(json!(50)));
        let cursor = Object::builder().schema_type(Type::String).pattern(Some("^[0-9a-f]{48}$"));
        vec![
            parameter("limit", "The most items wanted.", json!(50)).schema(Some(limit)).build(),
            parameter(
                "cursor",
                "The `next` of the page before; the first page without it.",
                json!("000637f1f4a2c0000192f0c17e7b70008000000000000001"),
            )
            .schema(Some(cursor))
            .build(),
        ]
    }
}

fn parameter(name: &str, description: &str, example: serde_json::Value) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .example(Some(example))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_survives_the_way_through_its_text() {
        for position in [0, 1, 1_700_000_000_000_000, LAST_POSITION] {
            let cursor = Cursor { position, id: Uuid::from_u128(0x0192_f0c1_7e7b_7000_8000_0000_0000_0001) };
            assert_eq!(decode_cursor(&encode_cursor(cursor)), Some(cursor));
        }
    }

    proptest! {
        #[test]
        fn every_cursor_that_is_given_out_is_taken_back(position in 0..=LAST_POSITION, id: u128) {
            let cursor = Cursor { position, id: Uuid::from_u128(id) };
            prop_assert_eq!(decode_cursor(&encode_cursor(cursor)), Some(cursor));
        }

        #[test]
        fn whatever_is_sent_as_a_cursor_is_a_place_in_the_calendar_or_refused(text in "[0-9a-fA-F]{46,50}|.{0,60}") {
            let digits = text.len() == 48 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
            let cursor = decode_cursor(&text);
            prop_assert_eq!(cursor.is_some(), digits);
            prop_assert!(cursor.is_none_or(|cursor| (0..=LAST_POSITION).contains(&cursor.position)));
        }

        #[test]
        fn whatever_is_sent_as_a_query_is_a_page_or_refused_by_name(text in "(limit|cursor|&|=|[0-9a-f%+]){0,20}|.{0,60}") {
            if let Err(refused) = query_of(&text).page() {
                prop_assert!(refused.to_string().starts_with("INVALID_REQUEST: "), "{}", refused);
            }
        }
    }

    #[test]
    fn an_invented_position_stays_within_the_calendar() {
        let invented = decode_cursor(&"7".repeat(48)).map(|cursor| cursor.position);
        assert_eq!(invented, Some(LAST_POSITION));
        assert_eq!(decode_cursor(&"f".repeat(48)).map(|cursor| cursor.position), Some(0));
    }

    #[test]
    fn a_page_that_can_not_be_is_refused_by_name() {
        let long = format!("cursor={}", "0".repeat(49));
        let bad = [
            ("limit=", "limit"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=+5", "limit"),
            ("limit=1.0", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=5&limit=5", "limit"),
            ("limit=%FF", "limit"),
            ("cursor=", "cursor"),
            ("cursor=abc", "cursor"),
            (&long, "cursor"),
        ];
        for (query, field) in bad {
            let refused = query_of(query).page().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("INVALID_REQUEST: {field}: ")), "{query}: {refused}");
        }
    }

    #[test]
    fn a_parameter_that_nobody_asked_for_is_ignored() {
        assert_eq!(query_of("color=red&color=blue&&=&limit=50").page().unwrap(), PageRequest::default());
    }

    #[test]
    fn all_is_the_only_status_of_seats_and_schedules() {
        assert!(!query_of("").all().unwrap());
        assert!(query_of("status=all").all().unwrap());
        for query in ["status=", "status=ALL", "status=AVAILABLE", "status=all&status=all"] {
            assert!(query_of(query).all().is_err(), "{query}");
        }
    }
}
