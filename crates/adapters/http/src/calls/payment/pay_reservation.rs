//! `POST /payments`.

use actix_web::{HttpResponse, web};
use domain::{ids::ReservationId, money::Money, payment::PaymentRequest};
use payment::PayReservationCommand;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::ReceiptBody;
use crate::{
    openapi::{problems, schemas},
    problem::Problem,
    request::{GivenAmount, Id, JsonBody, KeyHeader, QueueCaller},
    response::created_or_replayed,
    use_cases::UseCases,
};

/// What somebody pays for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayReservationRequest {
    #[schema(schema_with = schemas::reservation_id)]
    reservation_id: Id,
    #[schema(schema_with = schemas::optional_price, required = false)]
    payment_amount: Option<GivenAmount>,
}

impl PayReservationRequest {
    fn expected_amount(&self) -> Result<Option<Money>, Problem> {
        let amount = self.payment_amount.as_ref().map(GivenAmount::money).transpose();
        amount.map_err(|error| Problem::invalid("paymentAmount", error))
    }

    fn by(&self, caller: QueueCaller) -> Result<PaymentRequest, Problem> {
        Ok(PaymentRequest {
            user: caller.user,
            ticket: caller.ticket,
            reservation: ReservationId(self.reservation_id.0),
            expected_amount: self.expected_amount()?,
        })
    }
}

fn command(
    caller: QueueCaller,
    body: JsonBody<PayReservationRequest>,
    key: KeyHeader,
) -> Result<PayReservationCommand, Problem> {
    Ok(PayReservationCommand { request: body.0?.by(caller)?, key: key.0? })
}

problems!(
    PayReservationProblems: ADMITTED, BODY, STORE;
    ReservationNotFound, AmountMismatch, InsufficientBalance, HoldExpired, AlreadyPaid, NotPayable,
    IdempotencyKeyReused
);

/// Pays for a hold.
///
/// In one transaction the balance is debited, the seats are the caller's, the reservation is paid, and the
/// turn ends. With too small a balance the hold stays until it runs out.
#[utoipa::path(
    post, path = "/api/v1/payments", operation_id = "payReservation", tag = "Payments",
    params(KeyHeader),
    request_body(content = PayReservationRequest, description = "What is paid for."),
    responses(
        (status = 201, description = "The payment.", body = ReceiptBody,
         headers(("Idempotent-Replayed", description = "`true` when this is the first answer again."))),
        PayReservationProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn pay_reservation(
    caller: QueueCaller,
    key: KeyHeader,
    body: JsonBody<PayReservationRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let command = caller.turn_before(&use_cases, command(caller, body, key)).await?;
    let answer = use_cases.pay_reservation.handle(command).await?;
    Ok(created_or_replayed::<_, ReceiptBody>(answer))
}
