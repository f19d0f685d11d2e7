//! `GET /queue/status`.

use actix_web::{HttpResponse, http::header, web};

use super::ticket::TicketBody;
use crate::{openapi::problems, problem::Problem, request::QueueCaller, use_cases::UseCases};

problems!(CheckPlaceProblems: IDENTIFIED, STORE);

/// Tells where the caller stands.
///
/// `pollAfterSeconds` says when to ask again: soon near the front, later at the back. The first question of
/// whoever was admitted claims the turn.
#[utoipa::path(
    get, path = "/api/v1/queue/status", operation_id = "checkPlace", tag = "Waiting room",
    responses(
        (status = 200, description = "The ticket.", body = TicketBody,
         headers(("Retry-After" = u64, description = "While waiting: in how many seconds to ask again."))),
        CheckPlaceProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn check_place(
    caller: QueueCaller,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let ticket = TicketBody::from(&use_cases.check_place.handle(caller.ticket).await?);
    let mut response = HttpResponse::Ok();
    if let Some(seconds) = ticket.poll_after() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    Ok(response.json(ticket))
}
