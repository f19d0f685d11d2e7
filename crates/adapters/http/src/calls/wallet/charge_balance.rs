//! `POST /users/{userId}/balance/charges`.

use actix_web::{HttpResponse, web};
use domain::{
    idempotency::IdempotencyKey,
    money::Money,
    wallet::{ChargeRequest, LedgerEntry},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wallet::ChargeBalanceCommand;

use super::owner::owner_before;
use crate::{
    openapi::{problems, schemas},
    problem::{Code, Problem},
    request::{GivenAmount, JsonBody, KeyHeader, PathId, QueueCaller},
    response::{Amount, created_or_replayed},
    use_cases::UseCases,
};

/// How much somebody charges.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChargeBalanceRequest {
    #[schema(schema_with = schemas::charge, required)]
    amount: Option<GivenAmount>,
}

impl ChargeBalanceRequest {
    fn amount(&self) -> Result<Money, Problem> {
        let amount = self.amount.as_ref().ok_or_else(|| invalid_amount("is missing"))?.money();
        amount.map_err(invalid_amount)
    }
}

fn invalid_amount(reason: impl std::fmt::Display) -> Problem {
    Problem::because(Code::InvalidAmount, format!("amount: {reason}")).with("field", &"amount")
}

/// A charge.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Charge)]
pub(crate) struct ChargeBody {
    /// The entry in the ledger.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000050"))]
    transaction_id: Uuid,
    /// Whose balance.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// By how much.
    amount: Amount,
    /// The balance right after it.
    current_balance: Amount,
}

impl From<LedgerEntry> for ChargeBody {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            transaction_id: entry.id.0,
            user_id: entry.user.0,
            amount: entry.amount.into(),
            current_balance: entry.balance_after.into(),
        }
    }
}

fn read(
    body: JsonBody<ChargeBalanceRequest>,
    key: KeyHeader,
) -> Result<(Money, Option<IdempotencyKey>), Problem> {
    Ok((body.0?.amount()?, key.0?))
}

problems!(
    ChargeBalanceProblems: ADMITTED, BODY, STORE;
    Forbidden, UserNotFound, InvalidAmount, BalanceLimitExceeded, IdempotencyKeyReused
);

/// Charges the caller's balance.
#[utoipa::path(
    post, path = "/api/v1/users/{userId}/balance/charges", operation_id = "chargeBalance", tag = "Balance",
    params(
        ("userId" = Uuid, Path, description = "The caller's own id.",
         example = "0192f0c1-7e7b-7000-8000-000000000001"),
        KeyHeader,
    ),
    request_body(content = ChargeBalanceRequest, description = "How much."),
    responses(
        (status = 201, description = "The charge.", body = ChargeBody,
         headers(("Idempotent-Replayed", description = "`true` when this is the first answer again."))),
        ChargeBalanceProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn charge_balance(
    caller: QueueCaller,
    owner: PathId,
    key: KeyHeader,
    body: JsonBody<ChargeBalanceRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let (owner, (amount, key)) = owner_before(caller, owner, &use_cases, read(body, key)).await?;
    let request = ChargeRequest { user: caller.user, ticket: caller.ticket, amount };
    let command = ChargeBalanceCommand { owner, request, key };
    let answer = use_cases.charge_balance.handle(command).await?;
    Ok(created_or_replayed::<_, ChargeBody>(answer))
}
