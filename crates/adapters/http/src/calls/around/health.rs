//! `GET /livez` and `GET /readyz`.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    lifecycle::{Draining, Readiness},
    openapi::problems,
    problem::{Code, Problem},
};

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthBody {
    /// In a word.
    #[schema(pattern = "^(live|ready)$", examples("ready"))]
    status: &'static str,
}

/// Tells that the service runs.
///
/// Asks nothing that it depends on.
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "Around the API",
    responses((status = 200, description = "The service runs.", body = HealthBody)),
    security(()),
)]
pub(crate) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(HealthBody { status: "live" })
}

problems!(ReadyzProblems: STORE; ShuttingDown);

/// Tells whether requests can be served.
///
/// They can when the store is reached and its schema is as it has to be, until the service begins to stop.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "Around the API",
    responses((status = 200, description = "Requests can be served.", body = HealthBody), ReadyzProblems),
    security(()),
)]
pub(crate) async fn readyz(
    draining: web::Data<Draining>,
    readiness: web::Data<Arc<dyn Readiness>>,
) -> Result<HttpResponse, Problem> {
    if draining.has_begun() {
        return Err(Problem::new(Code::ShuttingDown));
    }
    readiness.ready().await?;
    Ok(HttpResponse::Ok().json(HealthBody { status: "ready" }))
}
