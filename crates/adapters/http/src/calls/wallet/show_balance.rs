//! `GET /users/{userId}/balance`.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::owner::admitted_owner;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{PathId, QueueCaller},
    response::Amount,
    use_cases::UseCases,
};

/// What a user's wallet holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Balance)]
pub(crate) struct BalanceBody {
    /// Whose it is.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// What it holds.
    current_balance: Amount,
}

problems!(ShowBalanceProblems: ADMITTED, STORE; Forbidden, UserNotFound);

/// Shows the caller's balance.
#[utoipa::path(
    get, path = "/api/v1/users/{userId}/balance", operation_id = "showBalance", tag = "Balance",
    params((
        "userId" = Uuid, Path, description = "The caller's own id.", example = "0192f0c1-7e7b-7000-8000-000000000001",
    )),
    responses((status = 200, description = "The balance.", body = BalanceBody), ShowBalanceProblems),
    security(("queueToken" = [])),
)]
pub(crate) async fn show_balance(
    caller: QueueCaller,
    owner: PathId,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let (owner, ()) = admitted_owner(caller, owner, &use_cases, Ok(())).await?;
    let balance = use_cases.show_balance.handle(caller.user, owner).await?;
    Ok(HttpResponse::Ok().json(BalanceBody { user_id: owner.0, current_balance: balance.into() }))
}
