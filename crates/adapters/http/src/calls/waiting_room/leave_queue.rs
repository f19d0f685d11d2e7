//! `DELETE /queue/tokens/current`.

use actix_web::{HttpResponse, web};

use crate::{openapi::problems, problem::Problem, request::QueueCaller, use_cases::UseCases};

problems!(LeaveQueueProblems: IDENTIFIED, STORE; QueueTokenEnded);

/// Gives the caller's place up.
///
/// Whether it waits or is its turn, the ticket ends; a freed slot goes to the next at once.
#[utoipa::path(
    delete, path = "/api/v1/queue/tokens/current", operation_id = "leaveQueue", tag = "Waiting room",
    responses((status = 204, description = "The place is given up."), LeaveQueueProblems),
    security(("queueToken" = [])),
)]
pub(crate) async fn leave_queue(
    caller: QueueCaller,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    use_cases.leave_queue.handle(caller.ticket).await?;
    Ok(HttpResponse::NoContent().finish())
}
