//! The problems of each operation, grouped by what it takes.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    Content, Header, Object, Ref, RefOr, Response, ResponseBuilder, Type, example::ExampleBuilder,
    header::HeaderBuilder,
};

use crate::problem::{Code, Problem, ProblemBody};

/// What every operation on a store may answer.
pub(crate) const STORE: &[Code] = &[Code::StoreUnavailable, Code::Internal];
/// What an operation with a JSON body may answer.
pub(crate) const BODY: &[Code] = &[
    Code::MalformedJson,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidRequest,
];
/// What an operation for identified callers may answer.
pub(crate) const IDENTIFIED: &[Code] = &[Code::Unauthenticated];
/// What an operation for admitted callers may answer.
pub(crate) const ADMITTED: &[Code] = &[Code::Unauthenticated, Code::QueueTokenEnded, Code::NotAdmitted];
/// What an operation of the operator's may answer; without a configured key it is not there.
pub(crate) const OPERATOR: &[Code] = &[Code::Unauthenticated, Code::NotFound];

/// Declares the problems of an operation, for the `responses` of its description.
macro_rules! problems {
    ($name:ident: $($group:ident),+ $(; $($code:ident),+)?) => {
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::openapi::problems::responses(
                    &[$($crate::openapi::problems::$group),+, &[$($($crate::problem::Code::$code),+)?]].concat(),
                )
            }
        }
    };
}
pub(crate) use problems;

/// A response for each status, with what it means and an example for each code.
pub(crate) fn responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let same_status = by_status.entry(code.status().as_u16()).or_default();
        if !same_status.contains(code) {
            same_status.push(*code);
        }
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), RefOr::T(response(&codes)))).collect()
}

fn response(codes: &[Code]) -> Response {
    let description: Vec<_> =
        codes.iter().map(|code| format!("`{}`: {}", code.name(), code.when())).collect();
    let examples = codes.iter().map(|code| {
        (code.name(), ExampleBuilder::new().summary(code.title()).value(Some(example(*code))).build())
    });
    let content = Content::builder()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response = ResponseBuilder::new()
        .description(description.join("\n\n"))
        .content("application/problem+json", content);
    if codes.iter().any(|code| code.status() == StatusCode::UNAUTHORIZED) {
        response = response.header("WWW-Authenticate", authenticate());
    }
    if codes.iter().any(|code| tells_when_to_retry(*code)) {
        response = response.header("Retry-After", retry_after());
    }
    response.build()
}

/// Whether a code comes with a word on when to try again.
fn tells_when_to_retry(code: Code) -> bool {
    matches!(
        code,
        Code::NotAdmitted
            | Code::QueueClosed
            | Code::PollingTooFast
            | Code::ShuttingDown
            | Code::StoreUnavailable
            | Code::TooManyAttempts
            | Code::TooManyStreams
    )
}

fn authenticate() -> Header {
    HeaderBuilder::new().description(Some("Always `Bearer`.")).example(Some(json!("Bearer"))).build()
}

/// The header that says when to ask again.
pub(crate) fn retry_after() -> Header {
    HeaderBuilder::new()
        .schema(Some(Object::builder().schema_type(Type::Integer).minimum(Some(0))))
        .description(Some("In how many seconds to ask again."))
        .example(Some(json!(3)))
        .build()
}

/// The very body that the service would write.
fn example(code: Code) -> Value {
    let problem = members(code)
        .into_iter()
        .fold(Problem::new(code), |problem, (name, value)| problem.with(name, &value));
    let body = ProblemBody {
        problem: &problem,
        path: "/api/v1/...",
        request_id: "0192f0c1-7e7b-7000-8000-0000000000ff",
    };
    serde_json::to_value(&body).unwrap_or_default()
}

/// The further members that a code's body has.
fn members(code: Code) -> Vec<(&'static str, Value)> {
    match code {
        Code::NotAdmitted => vec![("ahead", json!(41)), ("pollAfterSeconds", json!(3))],
        Code::QueueTokenEnded => vec![("reason", json!("PAID"))],
        Code::SeatTaken => vec![("seatNumbers", json!([13]))],
        Code::SeatNotFound => vec![("seatNumbers", json!([50]))],
        Code::InvalidRequest => vec![("field", json!("email"))],
        Code::InvalidAmount => vec![("field", json!("amount"))],
        Code::InsufficientBalance => vec![("currentBalance", json!(1_000)), ("totalPrice", json!(150_000))],
        Code::AmountMismatch => vec![("totalPrice", json!(150_000))],
        _ => Vec::new(),
    }
}
