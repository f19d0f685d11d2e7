//! `GET /payments`.

use actix_web::{HttpResponse, web};

use super::body::PaymentBody;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{IdentifiedCaller, PageParameters, Query},
    response::PageBody,
    use_cases::UseCases,
};

problems!(ListPaymentsProblems: IDENTIFIED, STORE; InvalidRequest);

/// Lists the caller's payments, newest first.
#[utoipa::path(
    get, path = "/api/v1/payments", operation_id = "listPayments", tag = "Payments",
    params(PageParameters),
    responses((status = 200, description = "A page of payments.", body = PageBody<PaymentBody>), ListPaymentsProblems),
    security(("accessToken" = []), ("queueToken" = [])),
)]
pub(crate) async fn list_payments(
    caller: IdentifiedCaller,
    query: Query,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let user = caller.user(&use_cases).await;
    let payments = use_cases.list_payments.handle(user, query.page()?).await?;
    Ok(HttpResponse::Ok().json(PageBody::<PaymentBody>::from(payments)))
}
