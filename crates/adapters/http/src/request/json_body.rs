//! JSON bodies: too large, of another type, malformed, and invalid are told apart.

use std::{convert::Infallible, future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// The largest body that is read.
const BYTES_AT_MOST: usize = 64 * 1024;
/// How long a whole body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that was read; or what is wrong with it, for the handler to tell when it is its turn.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) Result<T, Problem>);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read_json(request, payload);
        Box::pin(async move { Ok(Self(bytes.await.and_then(|bytes| parse(&bytes)))) })
    }
}

/// As [`JsonBody`], of an operation whose body may be left out.
#[derive(Debug)]
pub(crate) struct OptionalJsonBody<T>(pub(crate) Result<Option<T>, Problem>);

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJsonBody<T> {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read_json(request, payload);
        let parse_some = |bytes: Vec<u8>| if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(Some) };
        Box::pin(async move { Ok(Self(bytes.await.and_then(parse_some))) })
    }
}

/// Reads the bytes of a body that says it is JSON. An empty body need not say anything.
fn read_json(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Vec<u8>, Problem>> + use<> {
    let declared = check_declared(request.headers());
    let unnamed = !request.headers().contains_key(header::CONTENT_TYPE);
    let payload = payload.take();
    async move {
        declared?;
        let bytes = read_in_time(payload).await?;
        if unnamed && !bytes.is_empty() {
            return Err(unsupported("The body does not say that it is `application/json`."));
        }
        Ok(bytes)
    }
}

/// Refuses by its head what need not be read at all.
fn check_declared(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|value| !is_json(value.as_bytes())) {
        return Err(unsupported("The body must be `application/json`."));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity") {
        return Err(unsupported("The body must not be encoded."));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length > BYTES_AT_MOST) {
        return Err(Problem::new(Code::PayloadTooLarge));
    }
    Ok(())
}

fn is_json(content_type: &[u8]) -> bool {
    let media_type = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

async fn read_in_time(payload: Payload) -> Result<Vec<u8>, Problem> {
    timeout(PATIENCE, read_all(payload)).await.map_err(|_| Problem::new(Code::RequestTimeout))?
}

async fn read_all(mut payload: Payload) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::because(Code::BadRequest, "The body could not be read to its end.")
                .caused_by(error.to_string())
        })?;
        if bytes.len() + chunk.len() > BYTES_AT_MOST {
            return Err(Problem::new(Code::PayloadTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Makes a value of a body. Whether it is JSON at all is asked first, whatever else may be wrong with it.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("The body is not UTF-8."))?;
    if text.trim_ascii().is_empty() {
        return Err(malformed("The body is empty."));
    }
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| malformed(format!("The body is no JSON: {error}.")))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Problem::invalid("body", "must be an object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| not_valid(&error))
}

/// Names the field that is missing, ill-typed or out of range.
fn not_valid(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let reason = error.inner().to_string();
    // The place in the text is of no use to whoever knows the field.
    let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
    let parent = error.path().to_string();
    let parent = if parent == "." { "" } else { parent.as_str() };
    if let Some(field) = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let dot = if parent.is_empty() { "" } else { "." };
        return Problem::invalid(&format!("{parent}{dot}{field}"), "is missing");
    }
    // A string that is no text and a number that is out of range are both errors of syntax to the library.
    if error.inner().is_syntax() && !reason.starts_with("number out of range") {
        return malformed(format!("The body is no JSON: {reason}."));
    }
    Problem::invalid(if parent.is_empty() { "body" } else { parent }, reason)
}

fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::because(Code::MalformedJson, detail)
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::because(Code::UnsupportedMediaType, detail)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is wrong is looked at")]
    struct Body {
        name: String,
        count: i64,
        #[serde(default)]
        ranges: Vec<Range>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is wrong is looked at")]
    struct Range {
        from: u8,
    }

    fn refusal(bytes: &[u8]) -> String {
        let problem = parse::<Body>(bytes).unwrap_err();
        let text = problem.to_string();
        match problem.code() {
            Code::InvalidRequest => text.split(": ").take(2).collect::<Vec<_>>().join(" "),
            code => code.name().to_owned(),
        }
    }

    #[test]
    fn what_is_wrong_with_a_body_is_told_apart() {
        let deep = format!(r#"{{"name":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        let table: [(&[u8], &str); 19] = [
            (b"", "MALFORMED_JSON"),
            (b"  ", "MALFORMED_JSON"),
            (b"{", "MALFORMED_JSON"),
            (b"{\"name\":5,", "MALFORMED_JSON"),
            (b"{} {}", "MALFORMED_JSON"),
            (b"{\"name\":\"\xff\"}", "MALFORMED_JSON"),
            (b"{\"name\":\"\\ud800\",\"count\":1}", "MALFORMED_JSON"),
            (b"{'name':1}", "MALFORMED_JSON"),
            (b"{\"count\":01}", "MALFORMED_JSON"),
            (b"[]", "INVALID_REQUEST body"),
            (b"null", "INVALID_REQUEST body"),
            (b"\"text\"", "INVALID_REQUEST body"),
            (b"{}", "INVALID_REQUEST name"),
            (b"{\"name\":null,\"count\":1}", "INVALID_REQUEST name"),
            (b"{\"name\":\"a\",\"count\":1.5}", "INVALID_REQUEST count"),
            (b"{\"name\":\"a\",\"count\":1e400}", "INVALID_REQUEST count"),
            (b"{\"name\":\"a\",\"count\":99999999999999999999}", "INVALID_REQUEST count"),
            (b"{\"name\":\"a\",\"count\":1,\"ranges\":[{\"from\":1},{}]}", "INVALID_REQUEST ranges[1].from"),
            (deep.as_bytes(), "INVALID_REQUEST name"),
        ];
        for (bytes, expected) in table {
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(refusal(bytes), expected, "{}", shown.chars().take(60).collect::<String>());
        }
    }

    #[test]
    fn unknown_fields_are_ignored_whatever_they_are() {
        assert!(parse::<Body>(br#"{"name":"a","count":1,"other":1e400,"more":{"a":[1]}}"#).is_ok());
    }

    async fn declared(content_type: Option<&str>, length: usize) -> Result<usize, Code> {
        let mut request = TestRequest::post().set_payload(vec![b' '; length]);
        if let Some(content_type) = content_type {
            request = request.insert_header((header::CONTENT_TYPE, content_type));
        }
        let (request, mut payload) = request.to_http_parts();
        read_json(&request, &mut payload).await.map(|bytes| bytes.len()).map_err(|problem| problem.code())
    }

    #[actix_web::test]
    async fn a_body_says_that_it_is_json() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"]
        {
            assert_eq!(declared(Some(good), 1).await, Ok(1), "{good}");
        }
        for bad in ["text/plain", "application/json5", "application/problem+json", "", "json"] {
            assert_eq!(declared(Some(bad), 1).await, Err(Code::UnsupportedMediaType), "{bad}");
        }
        assert_eq!(declared(None, 1).await, Err(Code::UnsupportedMediaType));
        assert_eq!(declared(None, 0).await, Ok(0));
    }

    #[actix_web::test]
    async fn a_body_of_64_kib_is_the_largest() {
        assert_eq!(declared(Some("application/json"), 65_536).await, Ok(65_536));
        assert_eq!(declared(Some("application/json"), 65_537).await, Err(Code::PayloadTooLarge));
    }

    #[actix_web::test]
    async fn an_encoded_body_is_refused() {
        let request = TestRequest::post()
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CONTENT_ENCODING, "gzip"))
            .set_payload("{}");
        let (request, mut payload) = request.to_http_parts();
        let refused = read_json(&request, &mut payload).await.map_err(|problem| problem.code());
        assert_eq!(refused, Err(Code::UnsupportedMediaType));
    }
}
