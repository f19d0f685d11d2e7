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
    /// How many of those who wait have stopped asking and were passed over; they come first when they are back.
    #[schema(minimum = 0, examples(3))]
    passed_over: u64,
    /// How old all this is, in milliseconds: more than a quarter of a second only while the store is away.
    #[schema(minimum = 0, examples(12))]
    age_milliseconds: u64,
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
            passed_over: overview.passed_over,
            age_milliseconds: u64::try_from(overview.age.num_milliseconds()).unwrap_or(0),
        }
    }
}

problems!(ShowQueueProblems: OPERATOR; Internal);

/// Shows the waiting room.
#[utoipa::path(
    get, path = "/api/v1/admin/queue", operation_id = "showQueue", tag = "Operator",
    responses((status = 200, description = "The waiting room.", body = QueueBody), ShowQueueProblems),
    security(("adminKey" = [])),
)]
pub(crate) async fn show_queue(_: Operator, use_cases: web::Data<UseCases>) -> Result<HttpResponse, Problem> {
    let overview = use_cases.show_queue.handle().await;
    Ok(HttpResponse::Ok().json(QueueBody::from(overview)))
}
