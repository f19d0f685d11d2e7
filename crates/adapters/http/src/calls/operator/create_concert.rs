//! `POST /admin/concerts`.

use actix_web::{HttpResponse, web};
use catalog::CreateConcertCommand;
use domain::{catalog::TimeZone, text::Name};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    calls::catalog::list_concerts::ConcertBody,
    openapi::{problems, schemas},
    problem::Problem,
    request::{JsonBody, Operator},
    use_cases::UseCases,
};

/// A concert to put on the list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateConcertRequest {
    #[schema(schema_with = schemas::concert_name)]
    name: String,
    #[schema(schema_with = schemas::optional_time_zone, required = false)]
    time_zone: Option<String>,
}

impl CreateConcertRequest {
    fn command(&self) -> Result<CreateConcertCommand, Problem> {
        let time_zone = self.time_zone.as_deref().map(TimeZone::new).transpose();
        Ok(CreateConcertCommand {
            name: Name::new(&self.name).map_err(|error| Problem::invalid("name", error))?,
            time_zone: time_zone.map_err(|error| Problem::invalid("timeZone", error))?.unwrap_or_default(),
        })
    }
}

problems!(CreateConcertProblems: OPERATOR, BODY, STORE);

/// Puts a concert on the list.
#[utoipa::path(
    post, path = "/api/v1/admin/concerts", operation_id = "createConcert", tag = "Operator",
    request_body(content = CreateConcertRequest, description = "The concert."),
    responses((status = 201, description = "The concert.", body = ConcertBody), CreateConcertProblems),
    security(("adminKey" = [])),
)]
pub(crate) async fn create_concert(
    _: Operator,
    body: JsonBody<CreateConcertRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let command = body.0?.command()?;
    let concert = use_cases.create_concert.handle(command).await?;
    Ok(HttpResponse::Created().json(ConcertBody::from(concert)))
}
