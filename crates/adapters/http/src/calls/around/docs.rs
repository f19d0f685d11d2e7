//! `GET /docs` and `GET /api-docs/openapi.json`.

use actix_web::{
    HttpResponse,
    http::header::{self, ContentType},
    web,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the description of the API is.
pub(crate) const DESCRIPTION_PATH: &str = "/api-docs/openapi.json";

/// The description of the API, written once.
#[derive(Clone, Debug)]
pub(crate) struct Description(pub(crate) web::Bytes);

/// Describes the API.
///
/// This very document.
#[utoipa::path(
    get, path = "/api-docs/openapi.json", operation_id = "openapi", tag = "Around the API",
    responses((
        status = 200, description = "An OpenAPI 3.1 document.", content_type = "application/json", body = Object,
        example = json!({"openapi": "3.1.0", "info": {"title": "Encore", "version": "1"}, "paths": {}}),
    )),
    security(()),
)]
pub(crate) async fn description(description: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(description.0.clone())
}

/// Leads from `/docs` to where the page's relative links are right.
pub(crate) async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The page that shows the description. It asks nobody else for anything, a validator included.
pub(crate) fn docs_page() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(Config::from(DESCRIPTION_PATH).validator_url("none"))
}
