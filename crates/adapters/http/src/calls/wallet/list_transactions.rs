//! `GET /users/{userId}/balance/transactions`.

use actix_web::{HttpResponse, web};
use domain::wallet::{EntryKind, LedgerEntry};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wallet::ListTransactionsQuery;

use super::owner::admitted_owner;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{PageParameters, PathId, Query, QueueCaller},
    response::{Amount, Instant, PageBody},
    use_cases::UseCases,
};

/// What changed a balance.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TransactionKind {
    /// The user charged it.
    Charge,
    /// The user paid.
    Payment,
    /// A payment was given back.
    Refund,
}

impl From<EntryKind> for TransactionKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::Charge => Self::Charge,
            EntryKind::Payment => Self::Payment,
            EntryKind::Refund => Self::Refund,
        }
    }
}

/// A change of a balance; the balance is the sum of the amounts of all of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transaction)]
pub(crate) struct TransactionBody {
    /// The transaction's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000050"))]
    transaction_id: Uuid,
    /// What changed the balance.
    kind: TransactionKind,
    /// By how much; negative for a payment.
    amount: Amount,
    /// The balance afterwards.
    balance_after: Amount,
    /// The payment it belongs to; null for a charge.
    #[schema(required, examples("0192f0c1-7e7b-7000-8000-000000000060"))]
    reference: Option<Uuid>,
    /// When.
    at: Instant,
}

impl From<LedgerEntry> for TransactionBody {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            transaction_id: entry.id.0,
            kind: entry.kind.into(),
            amount: entry.amount.into(),
            balance_after: entry.balance_after.into(),
            reference: entry.reference,
            at: entry.at.into(),
        }
    }
}

problems!(ListTransactionsProblems: ADMITTED, STORE; InvalidRequest, Forbidden, UserNotFound);

/// Lists the changes of the caller's balance, newest first.
#[utoipa::path(
    get, path = "/api/v1/users/{userId}/balance/transactions", operation_id = "listTransactions", tag = "Balance",
    params(
        ("userId" = Uuid, Path, description = "The caller's own id.",
         example = "0192f0c1-7e7b-7000-8000-000000000001"),
        PageParameters,
    ),
    responses(
        (status = 200, description = "A page of transactions.", body = PageBody<TransactionBody>),
        ListTransactionsProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn list_transactions(
    caller: QueueCaller,
    owner: PathId,
    query: Query,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let (owner, page) = admitted_owner(caller, owner, &use_cases, query.page()).await?;
    let query = ListTransactionsQuery { caller: caller.user, owner, page };
    let transactions = use_cases.list_transactions.handle(query).await?;
    Ok(HttpResponse::Ok().json(PageBody::<TransactionBody>::from(transactions)))
}
