//! `GET /queue/status`.

use actix_web::{HttpResponse, http::header, web};

use super::ticket::TicketBody;
use crate::{openapi::problems, problem::Problem, request::QueueCaller, use_cases::UseCases};

problems!(CheckPlaceProblems: IDENTIFIED, STORE; PollingTooFast);

/// Tells where the caller stands.
///
/// `pollAfterSeconds` says when to ask again: soon near the front, later at the back. The first question of
/// whoever was admitted claims the turn.
#[utoipa::path(
    get, path = "/api/v1/queue/status", operation_id = "checkPlace", tag = "Waiting room",
    responses(
        (status = 200, description = "The ticket.", body = TicketBody,
         headers(
             ("Retry-After" = u64, description = "While waiting: in how many seconds to ask again."),
             ("Age" = u64, description = "While the store is away: how many seconds ago it was so."),
         )),
        CheckPlaceProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn check_place(
    caller: QueueCaller,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let standing = use_cases.check_place.handle(&caller.issued).await?;
    let ticket = TicketBody::from(&standing);
    let mut response = HttpResponse::Ok();
    if let Some(seconds) = ticket.poll_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    // RFC 9111, 5.1: less than a second old is 0, which goes without saying.
    let age = standing.age.num_seconds();
    if age > 0 {
        response.insert_header((header::HeaderName::from_static("age"), age));
    }
    Ok(response.json(ticket))
}
