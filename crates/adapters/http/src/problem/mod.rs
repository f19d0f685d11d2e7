//! What a refusal looks like (RFC 9457), and which error becomes which.

mod code;
mod from_errors;
mod response;

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use code::Code;
pub(crate) use from_errors::not_admitted;
pub(crate) use response::{ProblemBody, answer_with, log_or_count};

/// A refusal, on its way to the caller.
///
/// A handler answers with it as an error; what the caller gets is written by the middleware, which knows the
/// request's id and path. Cheap to clone: many may be refused for the same reason.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    members: Vec<(&'static str, Box<RawValue>)>,
    retry_after: Option<u64>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A refusal for `code`, explained by what the code says of itself.
    #[must_use]
    pub(crate) fn new(code: Code) -> Self {
        Self::because(code, code.when())
    }

    /// A refusal for `code`, explained by `detail`.
    pub(crate) fn because(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), members: Vec::new(), retry_after: None, source: None }
    }

    /// A field is missing, ill-typed or out of range.
    pub(crate) fn invalid(field: &str, reason: impl fmt::Display) -> Self {
        Self::because(Code::InvalidRequest, format!("{field}: {reason}")).with("field", &field)
    }

    /// A fault of ours.
    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal).caused_by(source)
    }

    /// With one more member in its body.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: &impl Serialize) -> Self {
        if let Ok(value) = to_raw_value(value) {
            self.members.push((name, value));
        }
        self
    }

    /// With a word on when to try again.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// With what caused it, for the log alone.
    #[must_use]
    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Why it was refused.
    #[must_use]
    pub(crate) const fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.name(), self.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| {
            let source: &(dyn Error + 'static) = source;
            source
        })
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// The bare status: the middleware writes the rest.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_apart_by_its_urn() {
        assert_eq!(Code::SeatTaken.urn(), "urn:encore:problem:seat-taken");
    }

    #[test]
    fn an_invalid_field_is_named() {
        let problem = Problem::invalid("seatNumbers", "must name at least one seat");
        assert_eq!(problem.to_string(), "INVALID_REQUEST: seatNumbers: must name at least one seat");
    }
}
