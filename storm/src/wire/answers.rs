//! Reads the service's answers.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use super::{
    bodies::{hundredths, reason, told},
    caller::Wires,
    connection::Reply,
    outgoing::Outgoing,
};
use crate::history::{Code, SeatSet, Told};

/// An answer as it was understood.
#[derive(Debug)]
pub struct Answer {
    /// What it says.
    pub told: Told,
    /// Whether it says that it is the first one again.
    pub replayed: bool,
    /// A digest of its body.
    pub body: u64,
    /// What is wrong with it whatever was asked.
    pub fault: Option<Box<str>>,
    /// The token that it brings.
    pub token: Option<String>,
}

impl Answer {
    /// No answer.
    #[must_use]
    pub fn none(told: Told) -> Self {
        Self { told, replayed: false, body: 0, fault: None, token: None }
    }

    /// No answer, where there should have been one.
    #[must_use]
    pub fn faulty(told: Told, fault: String) -> Self {
        Self { fault: Some(fault.into()), ..Self::none(told) }
    }
}

/// Understands an answer.
#[must_use]
pub fn read(outgoing: &Outgoing, reply: &Reply, wires: &Wires) -> Answer {
    let mut hasher = DefaultHasher::new();
    reply.body.hash(&mut hasher);
    let mut answer = Answer {
        replayed: header(reply, "idempotent-replayed") == Some("true"),
        body: hasher.finish(),
        ..Answer::none(Told::Garbled)
    };
    if reply.status >= 400 {
        answer.told = refusal(reply);
        answer.fault = fault_of_a_refusal(reply).map(Into::into);
    } else if let Some((told, token)) = told(outgoing, reply, wires) {
        (answer.told, answer.token) = (told, token);
    } else {
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        answer.fault = Some(format!("{} with a body nobody knows: {body}", reply.status).into());
    }
    answer
}

pub(super) fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.get(name)?.to_str().ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    #[serde(rename = "type")]
    _type: &'a str,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "detail")]
    _detail: String,
    #[serde(rename = "instance")]
    _instance: String,
    status: u16,
    code: &'a str,
    request_id: String,
    #[serde(default)]
    seat_numbers: Vec<u8>,
    reason: Option<&'a str>,
    current_balance: Option<f64>,
}

fn refusal(reply: &Reply) -> Told {
    let problem: Option<Problem> = serde_json::from_slice(&reply.body).ok();
    let Some(problem) = problem else {
        return Told::Refused {
            status: reply.status,
            code: Code::Other,
            seats: SeatSet::default(),
            reason: None,
            balance: -1,
        };
    };
    Told::Refused {
        status: reply.status,
        code: Code::named(problem.code),
        seats: SeatSet::of(&problem.seat_numbers),
        reason: problem.reason.and_then(reason),
        balance: problem.current_balance.map_or(-1, hundredths),
    }
}

/// What is wrong with the form of a refusal (RFC 9457), in words.
#[must_use]
pub fn fault_of_a_refusal(reply: &Reply) -> Option<String> {
    let body = || String::from_utf8_lossy(&reply.body).into_owned();
    if header(reply, "content-type") != Some("application/problem+json") {
        return Some(format!("{} without application/problem+json: {}", reply.status, body()));
    }
    let problem: Problem = match serde_json::from_slice(&reply.body) {
        Ok(problem) => problem,
        Err(error) => return Some(format!("{} whose body is no problem, {error}: {}", reply.status, body())),
    };
    if problem.status != reply.status || header(reply, "x-request-id") != Some(&problem.request_id) {
        return Some(format!("{} whose body tells otherwise: {}", reply.status, body()));
    }
    if reply.status == 503 && header(reply, "retry-after").and_then(|text| text.parse::<u64>().ok()).is_none()
    {
        return Some(format!("503 without Retry-After: {}", body()));
    }
    (Code::named(problem.code) == Code::Other)
        .then(|| format!("{} not to be expected: {}", reply.status, body()))
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    const BODY: &str = r#"{"type": "urn:x", "title": "t", "status": 503, "detail": "d", "instance": "/", "code": "STORE_UNAVAILABLE", "requestId": "r"}"#;

    fn reply(status: u16, content_type: &'static str, retry_after: bool, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        headers.insert("x-request-id", "r".parse().unwrap());
        if retry_after {
            headers.insert("retry-after", "1".parse().unwrap());
        }
        Reply { status, headers, body: body.to_owned().into() }
    }

    #[test]
    fn a_refusal_in_its_form_has_no_fault() {
        let good = reply(503, "application/problem+json", true, BODY);
        assert_eq!(fault_of_a_refusal(&good), None);
    }

    #[test]
    fn a_refusal_in_another_form_is_faulty() {
        let another_id = BODY.replace(r#""requestId": "r""#, r#""requestId": "s""#);
        let another_code = BODY.replace("STORE_UNAVAILABLE", "TEAPOT");
        let without_title = BODY.replace("title", "heading");
        for (faulty, why) in [
            (reply(503, "application/json", true, BODY), "its type"),
            (reply(503, "application/problem+json", false, BODY), "no Retry-After"),
            (reply(500, "application/problem+json", true, BODY), "another status"),
            (reply(503, "application/problem+json", true, &another_id), "another request's id"),
            (reply(503, "application/problem+json", true, &another_code), "a code nobody knows"),
            (reply(503, "application/problem+json", true, &without_title), "no title"),
            (reply(503, "application/problem+json", true, "<html>"), "no JSON"),
        ] {
            assert!(fault_of_a_refusal(&faulty).is_some(), "a refusal is faulty with {why}");
        }
    }
}
