//! The `If-None-Match` header.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{EntityTag, Header, IfNoneMatch},
};
use utoipa::{
    IntoParams,
    openapi::{
        Object, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// Which versions of the answer the caller has kept.
#[derive(Debug)]
pub(crate) struct KnownVersions(Option<IfNoneMatch>);

impl KnownVersions {
    /// Whether the caller has kept this version (RFC 9110, 13.1.2).
    pub(crate) fn contain(&self, version: &EntityTag) -> bool {
        match &self.0 {
            None => false,
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(version)),
        }
    }
}

impl FromRequest for KnownVersions {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    /// A header that can not be made out names no version, so that the whole answer is sent.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(IfNoneMatch::parse(request).ok())))
    }
}

impl IntoParams for KnownVersions {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = ParameterBuilder::new()
            .name("If-None-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The `ETag`s of answers that the caller has kept, or `*`."))
            .schema(Some(Object::with_type(Type::String)))
            .example(Some("\"5f2b51ca2fdc5baa31ec02e002f69aec\"".into()));
        vec![parameter.build()]
    }
}
