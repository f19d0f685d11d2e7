//! Streams of events as they are defined for `EventSource` (`text/event-stream`).
//!
//! A stream is made of what its source has to tell when it is asked, and it is asked when the connection has room
//! for more: nothing is kept for a client that does not read, and `settings.client_reads_within` ends its
//! connection.

use std::{convert::Infallible, fmt::Write, sync::Arc, time::Duration};

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web::Bytes,
};
use async_trait::async_trait;
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::{
    lifecycle::Draining,
    measurements::CountedStream,
    problem::{Code, Problem},
};

/// When to try again where there were too many streams, or the service was about to stop.
const RETRY_SECONDS: u64 = 2;

/// Asks nginx, and what does as it does, not to hold events back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What is sent when there was nothing to tell for a while, so that nobody in between takes the connection for
/// dead.
const KEEP_ALIVE: &str = ": keep-alive\n\n";

/// An event.
pub(crate) struct Event<T> {
    /// What kind of event it is.
    pub(crate) name: &'static str,
    /// What a client sends as `Last-Event-ID` when it comes again; without a line break.
    pub(crate) id: Option<String>,
    /// What happened, in JSON.
    pub(crate) data: T,
}

/// Events as they are sent, one after the other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct EventText(String);

impl EventText {
    /// Adds an event.
    pub(crate) fn push<T: Serialize>(&mut self, event: &Event<T>) -> Result<(), serde_json::Error> {
        // JSON as it is written here has no line break, so that one line of data is enough.
        let data = serde_json::to_string(&event.data)?;
        if let Some(id) = &event.id {
            // Writing into a text can not fail.
            let _ = writeln!(self.0, "id: {id}");
        }
        let _ = write!(self.0, "event: {}\ndata: {data}\n\n", event.name);
        Ok(())
    }
}

/// Where a stream's events come from.
#[async_trait(?Send)]
pub(crate) trait EventSource {
    /// Waits for the next events; none when the stream is over. Nothing may be lost when it is dropped before it is
    /// done, as it is at each keep-alive.
    async fn next(&mut self) -> Option<EventText>;

    /// Whether the stream goes on, asked before each keep-alive.
    async fn goes_on(&mut self) -> bool;
}

/// The streams of this instance: how many may be open, and how they are kept alive.
#[derive(Clone, Debug)]
pub(crate) struct EventStreams {
    places: Arc<Semaphore>,
    keep_alive: Duration,
    draining: Draining,
}

impl EventStreams {
    pub(crate) fn new(at_most: usize, keep_alive: Duration, draining: Draining) -> Self {
        let places = Arc::new(Semaphore::new(at_most.min(Semaphore::MAX_PERMITS)));
        Self { places, keep_alive, draining }
    }

    /// A place for one more stream, unless there are too many, or the service is about to stop.
    pub(crate) fn place(&self) -> Result<StreamPlace, Problem> {
        if self.draining.has_begun() {
            return Err(Problem::new(Code::ShuttingDown).retry_after(RETRY_SECONDS));
        }
        let too_many = |_| Problem::new(Code::TooManyStreams).retry_after(RETRY_SECONDS);
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(too_many)?;
        Ok(StreamPlace { streams: self.clone(), _permit: permit, _counted: CountedStream::opened() })
    }
}

/// A place for a stream, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    streams: EventStreams,
    _permit: OwnedSemaphorePermit,
    _counted: CountedStream,
}

impl StreamPlace {
    /// Answers with a stream of what comes from `source`. The connection ends with it.
    pub(crate) fn answer(self, source: impl EventSource + 'static) -> HttpResponse {
        let chunks = futures_util::stream::unfold((self, source), async |(place, mut source)| {
            let chunk = place.next_chunk(&mut source).await?;
            Some((Ok::<_, Infallible>(chunk), (place, source)))
        });
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")))
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .insert_header((X_ACCEL_BUFFERING, HeaderValue::from_static("no")))
            .force_close()
            .streaming(Box::pin(chunks))
    }

    /// The next events, or a keep-alive when there was none for a while; none when the stream is over.
    async fn next_chunk(&self, source: &mut impl EventSource) -> Option<Bytes> {
        let EventStreams { keep_alive, draining, .. } = &self.streams;
        tokio::select! {
            biased;
            () = draining.begun() => return None,
            events = source.next() => return events.map(|EventText(text)| Bytes::from(text)),
            () = sleep(*keep_alive) => {}
        }
        source.goes_on().await.then(|| Bytes::from_static(KEEP_ALIVE.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_one_line_of_data_whatever_is_in_it() {
        let mut text = EventText::default();
        let data = json!({"text": "one\ntwo\r\rid: 7"});
        text.push(&Event { name: "status", id: Some("12".to_owned()), data }).unwrap();
        text.push(&Event { name: "seat", id: None, data: 1 }).unwrap();
        let expected =
            "id: 12\nevent: status\ndata: {\"text\":\"one\\ntwo\\r\\rid: 7\"}\n\nevent: seat\ndata: 1\n\n";
        assert_eq!(text.0, expected);
    }
}
