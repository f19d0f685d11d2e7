//! Writing a problem into a response, and into the log.

use std::error::Error;

use actix_web::{
    HttpResponse,
    body::BoxBody,
    http::header::{self, HeaderValue},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Code, Problem};
use crate::measurements::count_shed_request;

/// The media type of a problem.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem's body: what is refused, where, and under which request id.
pub(crate) struct ProblemBody<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) path: &'a str,
    pub(crate) request_id: &'a str,
}

impl Serialize for ProblemBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Problem { code, detail, members, .. } = self.problem;
        let mut body = serializer.serialize_map(Some(7 + members.len()))?;
        body.serialize_entry("type", &code.urn())?;
        body.serialize_entry("title", code.title())?;
        body.serialize_entry("status", &code.status().as_u16())?;
        body.serialize_entry("detail", detail)?;
        body.serialize_entry("instance", self.path)?;
        body.serialize_entry("code", code.name())?;
        body.serialize_entry("requestId", self.request_id)?;
        for (name, value) in members {
            body.serialize_entry(name, value)?;
        }
        body.end()
    }
}

/// Turns a refused response into the problem it stands for. Headers it has already stay.
pub(crate) fn answer_with(body: &ProblemBody<'_>, mut response: HttpResponse) -> HttpResponse {
    *response.status_mut() = body.problem.code.status();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    if body.problem.code.status() == actix_web::http::StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = body.problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    // Nothing in the body can fail to be written; an empty body would still carry the status.
    let text = serde_json::to_string(body).unwrap_or_default();
    response.set_body(BoxBody::new(text))
}

/// Logs a fault with everything that led to it, and the request. A refusal that the rules foresee is none. One that has no
/// cause but the load is counted instead: there are thousands in a second when they come.
pub(crate) fn log_or_count(body: &ProblemBody<'_>, method: &'static str) {
    let ProblemBody { problem, path, request_id } = body;
    let code = problem.code.name();
    match problem.code {
        Code::Internal => tracing::error!(code, request_id, method, path, "{}", chain(problem)),
        Code::StoreUnavailable if problem.source().is_some() => {
            tracing::warn!(code, request_id, method, path, "{}", chain(problem));
        }
        Code::StoreUnavailable => count_shed_request(),
        _ => {}
    }
}

/// An error and what led to it, in one line.
fn chain(problem: &Problem) -> String {
    let mut text = problem.code.title().to_owned();
    let mut cause = problem.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use domain::{money::Money, storage::StorageError};

    use super::*;
    use crate::response::Amount;

    #[test]
    fn a_body_has_all_members_and_those_of_the_problem() {
        let problem = Problem::new(Code::InsufficientBalance)
            .with("currentBalance", &Amount(Money::from_minor(9_999_999_999_999_999)));
        let body = ProblemBody { problem: &problem, path: "/api/v1/payments", request_id: "r-1" };
        let text = serde_json::to_string(&body).unwrap();
        assert_eq!(
            text,
            r#"{"type":"urn:encore:problem:insufficient-balance","title":"The balance is too small","status":402,"detail":"The balance is below the price; the hold stays until it runs out.","instance":"/api/v1/payments","code":"INSUFFICIENT_BALANCE","requestId":"r-1","currentBalance":99999999999999.99}"#
        );
    }

    #[test]
    fn a_fault_is_logged_with_everything_that_led_to_it_and_none_of_it_is_told() {
        let problem = Problem::internal(StorageError::unexpected("no such table: seats"));
        assert!(chain(&problem).ends_with("the store failed unexpectedly: no such table: seats"));
        let body = ProblemBody { problem: &problem, path: "/", request_id: "r-1" };
        assert!(!serde_json::to_string(&body).unwrap().contains("table"));
    }
}
