//! `GET /metrics`.

use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::PrometheusHandle;

/// Shows the measurements.
///
/// As text for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Around the API",
    responses((
        status = 200, description = "The measurements.", content_type = "text/plain", body = String,
        example = "encore_http_requests_total{method=\"GET\",route=\"/api/v1/queue/status\",status=\"200\"} 7",
    )),
    security(()),
)]
pub(crate) async fn metrics(handle: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(handle.render())
}
