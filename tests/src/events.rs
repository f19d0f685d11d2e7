//! Reading a stream of events.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

/// An event as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEvent {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
}

/// A stream of events that is open.
pub struct EventStream {
    response: Response,
    unread: String,
}

impl EventStream {
    /// Opens a stream, and insists that it is one.
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the service answers");
        let headers = response.headers().clone();
        assert_eq!(response.status(), 200, "expected a stream, got {response:?}");
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        Self { response, unread: String::new() }
    }

    /// The next event; none when the stream has ended.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        self.next_within(Duration::from_secs(10)).await
    }

    /// The next event, if it comes in time; none when the stream has ended.
    pub async fn next_within(&mut self, patience: Duration) -> Option<ServerEvent> {
        let next = timeout(patience, self.next_whenever()).await;
        next.unwrap_or_else(|_| panic!("expected an event, or the stream's end, within {patience:?}"))
    }

    /// The first of the next events that is wanted.
    pub async fn next_that(&mut self, is_wanted: impl Fn(&ServerEvent) -> bool) -> ServerEvent {
        loop {
            let event = self.next().await.expect("expected a further event before the stream's end");
            if is_wanted(&event) {
                return event;
            }
        }
    }

    async fn next_whenever(&mut self) -> Option<ServerEvent> {
        loop {
            while let Some(end) = self.unread.find("\n\n") {
                let event = event(&self.unread[..end]);
                self.unread.drain(..end + 2);
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.response.chunk().await.expect("the stream ends in order")?;
            self.unread.push_str(std::str::from_utf8(&chunk).expect("events are not split within a letter"));
        }
    }
}

/// Reads the lines of an event; a comment is none.
fn event(lines: &str) -> Option<ServerEvent> {
    let value = |field: &str| lines.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(": "));
    let name = value("event")?.to_owned();
    let data = serde_json::from_str(value("data")?).expect("the data are JSON");
    Some(ServerEvent { name, id: value("id").map(str::to_owned), data })
}
