//! `POST /admin/payments/{paymentId}/refund`.

use actix_web::{HttpResponse, web};
use domain::{payment::RefundReceipt, text::Reason};
use payment::RefundPaymentCommand;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::payment::body::PaymentBody,
    openapi::{problems, schemas},
    problem::{Code, Problem},
    request::{JsonBody, Operator, PathId},
    response::{Amount, Instant},
    use_cases::UseCases,
};

/// Why a payment is given back.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RefundPaymentRequest {
    #[schema(schema_with = schemas::reason)]
    reason: String,
}

impl RefundPaymentRequest {
    fn command(&self, payment: PathId) -> Result<RefundPaymentCommand, Problem> {
        let reason = Reason::new(&self.reason).map_err(|error| Problem::invalid("reason", error))?;
        Ok(RefundPaymentCommand { payment: payment.or(Code::PaymentNotFound)?, reason })
    }
}

/// A payment that was given back, and what its user has now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Refund)]
pub(crate) struct RefundBody {
    #[serde(flatten)]
    payment: PaymentBody,
    /// Why it was given back.
    #[schema(examples("The concert was moved to another day"))]
    reason: String,
    /// When it was given back.
    refund_time: Instant,
    /// The user's balance right after it.
    current_balance: Amount,
}

impl From<RefundReceipt> for RefundBody {
    fn from(receipt: RefundReceipt) -> Self {
        let RefundReceipt { refund, balance_after } = receipt;
        Self {
            payment: refund.payment.into(),
            reason: refund.reason.as_str().to_owned(),
            refund_time: refund.refunded_at.into(),
            current_balance: balance_after.into(),
        }
    }
}

problems!(RefundPaymentProblems: OPERATOR, BODY, STORE; PaymentNotFound, AlreadyRefunded, NotRefundable);

/// Gives a payment back.
///
/// In one transaction the balance is credited with what was paid, the seats are free, and the reservation is
/// cancelled. Once the show has begun nothing is given back.
#[utoipa::path(
    post, path = "/api/v1/admin/payments/{paymentId}/refund", operation_id = "refundPayment", tag = "Operator",
    params((
        "paymentId" = Uuid, Path, description = "The payment.", example = "0192f0c1-7e7b-7000-8000-000000000060",
    )),
    request_body(content = RefundPaymentRequest, description = "Why it is given back."),
    responses(
        (status = 200, description = "The payment, refunded.", body = RefundBody),
        RefundPaymentProblems,
    ),
    security(("adminKey" = [])),
)]
pub(crate) async fn refund_payment(
    _: Operator,
    payment: PathId,
    body: JsonBody<RefundPaymentRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let command = body.0?.command(payment)?;
    let receipt = use_cases.refund_payment.handle(command).await?;
    Ok(HttpResponse::Ok().json(RefundBody::from(receipt)))
}
