//! Ids in paths and bodies.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::{Deserialize, Deserializer, de::Error};
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// The id in the path of an operation that has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathId(Option<Uuid>);

impl PathId {
    /// The id; `missing` where the path has something else.
    pub(crate) fn or<T: From<Uuid>>(self, missing: Code) -> Result<T, Problem> {
        self.0.map(T::from).ok_or_else(|| Problem::new(missing))
    }
}

impl FromRequest for PathId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().iter().next().and_then(|(_, value)| hyphenated(value)))))
    }
}

/// An id in a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id(pub(crate) Uuid);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hyphenated(&text).map(Self).ok_or_else(|| D::Error::custom("must be a UUID"))
    }
}

/// A UUID in its usual spelling of 36 characters: the others that the library knows are nobody's contract.
fn hyphenated(text: &str) -> Option<Uuid> {
    if text.len() == uuid::fmt::Hyphenated::LENGTH { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_spelling_is_an_id() {
        assert!(hyphenated("0192F0C1-7e7b-7000-8000-000000000001").is_some());
        for bad in [
            "",
            "1",
            "0192f0c17e7b70008000000000000001",
            "{0192f0c1-7e7b-7000-8000-000000000001}",
            "urn:uuid:0192f0c1-7e7b-7000-8000-000000000001",
            "0192f0c1-7e7b-7000-8000-00000000000g",
            "ä192f0c1-7e7b-7000-8000-00000000000",
        ] {
            assert_eq!(hyphenated(bad), None, "{bad}");
        }
    }
}
