//! `POST /queue/tokens`.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use domain::ids::UserId;
use identity::Credentials;
use serde::Deserialize;
use utoipa::ToSchema;
use waiting_room::Place;

use super::ticket::{IssuedTicketBody, TicketBody};
use crate::{
    calls::identity::{address, attempt, credentials},
    openapi::{problems, schemas},
    problem::{Code, Problem},
    request::{Id, OptionalJsonBody, bearer_token},
    settings::HttpSettings,
    use_cases::UseCases,
};

/// Who joins, where no access token says so: an email address and a password, or, where the operator trusts
/// the caller, the user's id alone.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"email": "ada@example.org", "password": "correct horse battery"})))]
pub(crate) struct JoinQueueRequest {
    #[schema(schema_with = schemas::optional_email, required = false)]
    email: Option<String>,
    #[schema(schema_with = schemas::optional_password, required = false)]
    password: Option<String>,
    #[schema(schema_with = schemas::optional_user_id, required = false)]
    user_id: Option<Id>,
}

impl JoinQueueRequest {
    /// Tells what is wrong with the body also where an access token says who joins.
    fn check(self) -> Result<(), Problem> {
        self.email.as_deref().map(address).transpose()?;
        self.password.map(attempt).transpose()?;
        Ok(())
    }
}

/// By what somebody who joins is known.
enum Newcomer {
    Known(UserId),
    Claimed(UserId),
    LogsIn(Credentials),
}

impl Newcomer {
    /// An `Authorization` header decides; without one the body does.
    fn of(
        request: &HttpRequest,
        body: Result<Option<JoinQueueRequest>, Problem>,
        use_cases: &UseCases,
        settings: &HttpSettings,
    ) -> Result<Self, Problem> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            let claims = use_cases.identify_caller.by_access_token(bearer_token(request.headers())?)?;
            body?.unwrap_or_default().check()?;
            return Ok(Self::Known(claims.user));
        }
        match body?.unwrap_or_default() {
            JoinQueueRequest { email: Some(email), password: Some(password), .. } => {
                Ok(Self::LogsIn(credentials(&email, password)?))
            }
            JoinQueueRequest { email: None, password: None, user_id: Some(Id(user)) }
                if settings.trusted_identity =>
            {
                Ok(Self::Claimed(user.into()))
            }
            _ => Err(Problem::because(
                Code::Unauthenticated,
                "Neither an access token nor the body says who joins.",
            )),
        }
    }

    async fn user(self, use_cases: &UseCases) -> Result<UserId, Problem> {
        match self {
            Self::Known(user) => Ok(user),
            Self::Claimed(user) => Ok(use_cases.find_user.handle(user).await?),
            Self::LogsIn(credentials) => Ok(use_cases.verify_credentials.handle(credentials).await?),
        }
    }
}

async fn join(newcomer: Newcomer, use_cases: &UseCases) -> Result<Place, Problem> {
    let user = newcomer.user(use_cases).await?;
    Ok(use_cases.join_queue.handle(user).await?)
}

problems!(JoinQueueProblems: IDENTIFIED, BODY, STORE; BadCredentials, UserNotFound, TooManyAttempts, QueueClosed);

/// Joins the waiting room.
///
/// Who joins is said by an access token, or by the body. A user has one place at a time: asking again gives
/// the same place, with a token that may be another; the earlier one stays good.
#[utoipa::path(
    post, path = "/api/v1/queue/tokens", operation_id = "joinQueue", tag = "Waiting room",
    request_body(content = Option<JoinQueueRequest>, description = "Who joins, where no access token says so."),
    responses(
        (status = 200, description = "The same place again.", body = IssuedTicketBody),
        (status = 201, description = "A new place.", body = IssuedTicketBody),
        JoinQueueProblems,
    ),
    security((), ("accessToken" = [])),
)]
pub(crate) async fn join_queue(
    request: HttpRequest,
    body: OptionalJsonBody<JoinQueueRequest>,
    use_cases: web::Data<UseCases>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, Problem> {
    let newcomer = Newcomer::of(&request, body.0, &use_cases, &settings)?;
    let place = join(newcomer, &use_cases).await?;
    let mut response = if place.newly_issued { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(IssuedTicketBody { token: place.token.0, ticket: TicketBody::from(&place.standing) }))
}
