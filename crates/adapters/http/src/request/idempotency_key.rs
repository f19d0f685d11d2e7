//! The `Idempotency-Key` header.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderMap};
use domain::idempotency::IdempotencyKey;
use utoipa::{
    IntoParams,
    openapi::{
        Object, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::problem::Problem;

const NAME: &str = "Idempotency-Key";

/// The caller's name for a change, if there is one; or what is wrong with it, for the handler to tell when it
/// is its turn.
#[derive(Debug)]
pub(crate) struct KeyHeader(pub(crate) Result<Option<IdempotencyKey>, Problem>);

impl FromRequest for KeyHeader {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(read(request.headers()))))
    }
}

fn read(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(NAME);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid(NAME, "must be sent once"));
    }
    IdempotencyKey::new(value.as_bytes()).map(Some).map_err(|error| Problem::invalid(NAME, error))
}

impl IntoParams for KeyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = Object::builder()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]+$"));
        let parameter = ParameterBuilder::new()
            .name(NAME)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "Names the change, so that asking again with the same key and body gives the first answer again. \
                 Kept for 24 hours.",
            ))
            .schema(Some(schema))
            .example(Some("3f6c1b0e-order-17".into()));
        vec![parameter.build()]
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn key(values: &[&[u8]]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers
                .append(HeaderName::from_static("idempotency-key"), HeaderValue::from_bytes(value).unwrap());
        }
        let read = read(&headers).map_err(|problem| problem.to_string());
        read.map(|key| key.map(|key| key.as_str().to_owned()))
    }

    #[test]
    fn a_key_may_be_left_out() {
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[b"order-17"]), Ok(Some("order-17".to_owned())));
    }

    proptest! {
        #[test]
        fn a_key_is_1_to_255_visible_characters_and_nothing_else(bytes in prop::collection::vec(0x20_u8..=0xff, 0..300)) {
            prop_assume!(HeaderValue::from_bytes(&bytes).is_ok());
            let visible = bytes.iter().all(|byte| (b'!'..=b'~').contains(byte));
            let good = visible && (1..=255).contains(&bytes.len());
            prop_assert_eq!(key(&[&bytes]).is_ok(), good);
        }

        #[test]
        fn every_good_key_is_taken_as_it_is(text in "[!-~]{1,255}") {
            prop_assert_eq!(key(&[text.as_bytes()]), Ok(Some(text)));
        }
    }

    #[test]
    fn a_malformed_key_is_named() {
        for values in [&[&b""[..]][..], &[b"a b"], &[&[b'a'; 256]], &["ä".as_bytes()], &[b"a", b"a"]] {
            let refused = key(values).unwrap_err();
            assert!(refused.starts_with("INVALID_REQUEST: Idempotency-Key: "), "{values:?}: {refused}");
        }
    }
}
