//! `GET /admin/queue`.

use actix_web::{HttpResponse, web};
use domain::waiting_room::RoomOverview;
use serde::Serialize;
use utoipa::ToSchema;

use super::policy::{PolicyBody, RoomStateName};
use crate::{openapi::problems, problem::Problem, request::Operator, use_cases::UseCases};

/// The waiting room from the operator's side.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Queue)]
pub(crate) struct QueueBody {
    /// The policy in force.
    policy: PolicyBody,
    /// Whether the room takes people in.
    state: RoomStateName,
    /// How many wait.
    #[schema(minimum = 0, examples(97))]
    waiting: u64,
    /// How many turns are live.
    #[schema(minimum = 0, examples(100))]
    active: u64,
    /// The last number handed out.
    #[schema(minimum = 0, examples(238))]
    issued: u64,
    /// Admissions within the last minute.
    #[schema(minimum = 0, examples(41))]
    admitted_last_minute: u64,
}

impl From<RoomOverview> for QueueBody {
    fn from(overview: RoomOverview) -> Self {
        Self {
            state: overview.policy.state.into(),
            policy: overview.policy.into(),
            waiting: overview.waiting,
            active: overview.active,
            issued: overview.issued,
            admitted_last_minute: overview.admitted_lately,
        }
    }
}

problems!(ShowQueueProblems: OPERATOR, STORE);

/// Shows the waiting room.
#[utoipa::path(
    get, path = "/api/v1/admin/queue", operation_id = "showQueue", tag = "Operator",
    responses((status = 200, description = "The waiting room.", body = QueueBody), ShowQueueProblems),
    security(("adminKey" = [])),
)]
pub(crate) async fn show_queue(_: Operator, use_cases: web::Data<UseCases>) -> Result<HttpResponse, Problem> {
    let overview = use_cases.show_queue.handle().await?;
    Ok(HttpResponse::Ok().json(QueueBody::from(overview)))
}
