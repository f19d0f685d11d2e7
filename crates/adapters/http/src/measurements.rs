//! How many requests there were, and how long they took.

use std::{borrow::Cow, cell::RefCell, collections::HashMap, time::Duration};

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram};

const REQUESTS: &str = "encore_http_requests_total";
const SECONDS: &str = "encore_http_request_duration_seconds";
const SHED: &str = "encore_http_requests_shed_total";
const OPEN_STREAMS: &str = "encore_http_open_streams";

/// Says what the measurements mean.
pub(crate) fn describe_measurements() {
    metrics::describe_counter!(REQUESTS, "Requests that were answered.");
    metrics::describe_counter!(SHED, "Requests that were refused for the load.");
    metrics::describe_gauge!(OPEN_STREAMS, "Streams of events that are open.");
    metrics::describe_histogram!(SECONDS, metrics::Unit::Seconds, "From a request's head to its answer's.");
}

/// A method's name among the measurements: invented ones must not make new series.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "OTHER",
    }
}

/// Counts a request that was answered. `route` is its path's pattern, since paths have ids in them.
pub(crate) fn measure(method: &'static str, route: Cow<'static, str>, status: StatusCode, took: Duration) {
    SERIES.with_borrow_mut(|series| {
        let series = series.entry(route).or_insert_with_key(|route| OfRoute::new(route.clone()));
        let (requests, seconds) = series.get(method, status);
        requests.increment(1);
        seconds.record(took);
    });
}

/// Counts a request that was refused because of the load.
pub(crate) fn count_shed_request() {
    metrics::counter!(SHED).increment(1);
}

/// Counts a stream as open for as long as this lives.
#[derive(Debug)]
pub(crate) struct CountedStream(());

impl CountedStream {
    pub(crate) fn opened() -> Self {
        metrics::gauge!(OPEN_STREAMS).increment(1);
        Self(())
    }
}

impl Drop for CountedStream {
    fn drop(&mut self) {
        metrics::gauge!(OPEN_STREAMS).decrement(1);
    }
}

thread_local! {
    /// The series a thread has met: finding one by all its labels costs more than some answers do.
    static SERIES: RefCell<HashMap<Cow<'static, str>, OfRoute>> = RefCell::default();
}

/// The series of a route, by method and status.
struct OfRoute {
    route: Cow<'static, str>,
    series: HashMap<(&'static str, StatusCode), (Counter, Histogram)>,
}

impl OfRoute {
    fn new(route: Cow<'static, str>) -> Self {
        Self { route, series: HashMap::new() }
    }

    fn get(&mut self, method: &'static str, status: StatusCode) -> &(Counter, Histogram) {
        self.series.entry((method, status)).or_insert_with(|| {
            let labels = [
                ("method", Cow::Borrowed(method)),
                ("route", self.route.clone()),
                ("status", Cow::Owned(status.as_str().to_owned())),
            ];
            (metrics::counter!(REQUESTS, &labels), metrics::histogram!(SECONDS, &labels))
        })
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn requests_are_counted_by_method_route_and_status() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            for status in [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND] {
                measure("GET", Cow::Borrowed("/payments/{paymentId}"), status, Duration::from_millis(3));
            }
        });
        let text = handle.render();
        let counted =
            r#"encore_http_requests_total{method="GET",route="/payments/{paymentId}",status="200"} 2"#;
        assert!(text.contains(counted), "{text}");
        assert!(text.contains(r#"status="404"} 1"#), "{text}");
    }

    #[test]
    fn streams_are_counted_while_they_are_open() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let first = CountedStream::opened();
            let _second = CountedStream::opened();
            drop(first);
            assert!(handle.render().contains("encore_http_open_streams 1"), "{}", handle.render());
        });
    }

    #[test]
    fn invented_methods_share_a_series() {
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "OTHER");
    }
}
