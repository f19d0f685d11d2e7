//! What answers are made of: amounts, instants, pages.

mod amount;
mod end_reason;
mod event_stream;
mod instant;
mod page;
mod shared_answers;
mod versioned;

use actix_web::{HttpResponse, http::header::HeaderName, web::Bytes};
use chrono::Duration;
use domain::idempotency::Answer;
use serde::Serialize;

use crate::problem::Problem;

pub(crate) use amount::Amount;
pub(crate) use end_reason::EndReasonName;
pub(crate) use event_stream::{Event, EventSource, EventStreams, EventText};
pub(crate) use instant::Instant;
pub(crate) use page::PageBody;
pub(crate) use shared_answers::SharedAnswers;
pub(crate) use versioned::Versioned;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A duration in whole seconds, never less than it is.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let seconds = duration.num_seconds() + i64::from(duration.subsec_nanos() > 0);
    u64::try_from(seconds).unwrap_or(0)
}

/// A body as it goes out, to be shared by all who are told the same.
pub(crate) fn json_bytes(body: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(body).map(Bytes::from).map_err(Problem::internal)
}

/// Answers 201 to a change that takes a key, and says so if the change had happened before.
pub(crate) fn created_or_replayed<T, B: Serialize + From<T>>(answer: Answer<T>) -> HttpResponse {
    let mut response = HttpResponse::Created();
    if answer.replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response.json(B::from(answer.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        let whole = [-1, 0, 1, 999, 1_000, 1_001].map(|millis| whole_seconds(Duration::milliseconds(millis)));
        assert_eq!(whole, [0, 0, 1, 1, 1, 2]);
    }
}
