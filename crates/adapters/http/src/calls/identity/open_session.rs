//! `POST /sessions`.

use actix_web::{HttpResponse, web};
use identity::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::credentials;
use crate::{
    openapi::{problems, schemas},
    problem::Problem,
    request::JsonBody,
    response::Instant,
    use_cases::UseCases,
};

/// What somebody logs in with.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OpenSessionRequest {
    #[schema(schema_with = schemas::email)]
    email: String,
    #[schema(schema_with = schemas::attempted_password)]
    password: String,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    /// Who has logged in.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// The token that says so.
    #[schema(examples("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"))]
    access_token: String,
    /// Until when the token is good.
    expires_at: Instant,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self { user_id: session.user.0, access_token: session.token.0, expires_at: session.expires_at.into() }
    }
}

problems!(OpenSessionProblems: BODY, STORE; BadCredentials, TooManyAttempts);

/// Logs a user in.
///
/// An unknown email address is answered as a wrong password is, and costs the same.
#[utoipa::path(
    post, path = "/api/v1/sessions", operation_id = "openSession", tag = "Identity",
    request_body(content = OpenSessionRequest, description = "Who logs in."),
    responses((status = 201, description = "The access token.", body = SessionBody), OpenSessionProblems),
    security(()),
)]
pub(crate) async fn open_session(
    body: JsonBody<OpenSessionRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let body = body.0?;
    let credentials = credentials(&body.email, body.password)?;
    let session = use_cases.open_session.handle(credentials).await?;
    Ok(HttpResponse::Created().json(SessionBody::from(session)))
}
