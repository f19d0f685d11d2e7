//! `GET /payments/{paymentId}`.

use actix_web::{HttpResponse, web};

use super::body::PaymentBody;
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{IdentifiedCaller, PathId},
    use_cases::UseCases,
};

problems!(FindPaymentProblems: IDENTIFIED, STORE; PaymentNotFound);

/// Shows a payment of the caller's.
#[utoipa::path(
    get, path = "/api/v1/payments/{paymentId}", operation_id = "findPayment", tag = "Payments",
    params((
        "paymentId" = Uuid, Path, description = "The payment.", example = "0192f0c1-7e7b-7000-8000-000000000060",
    )),
    responses((status = 200, description = "The payment.", body = PaymentBody), FindPaymentProblems),
    security(("accessToken" = []), ("queueToken" = [])),
)]
pub(crate) async fn find_payment(
    caller: IdentifiedCaller,
    payment: PathId,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let user = caller.user(&use_cases).await;
    let payment = use_cases.find_payment.handle(user, payment.or(Code::PaymentNotFound)?).await?;
    Ok(HttpResponse::Ok().json(PaymentBody::from(payment)))
}
