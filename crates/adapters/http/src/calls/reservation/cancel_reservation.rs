//! `DELETE /reservations/{reservationId}`.

use actix_web::{HttpResponse, web};
use reservation::CancelReservationCommand;

use super::body::ReservationBody;
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{PathId, QueueCaller},
    use_cases::UseCases,
};

problems!(CancelReservationProblems: ADMITTED, STORE; ReservationNotFound, NotCancellable);

/// Gives up a hold.
///
/// Its seats are free at once, and whoever wants them once this is answered can have them.
#[utoipa::path(
    delete, path = "/api/v1/reservations/{reservationId}", operation_id = "cancelReservation", tag = "Reservations",
    params((
        "reservationId" = Uuid, Path, description = "The reservation.",
        example = "0192f0c1-7e7b-7000-8000-000000000040",
    )),
    responses(
        (status = 200, description = "The reservation, cancelled.", body = ReservationBody),
        CancelReservationProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn cancel_reservation(
    caller: QueueCaller,
    reservation: PathId,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let reservation = caller.turn_before(&use_cases, reservation.or(Code::ReservationNotFound)).await?;
    let command = CancelReservationCommand { user: caller.user, ticket: caller.ticket, reservation };
    let cancelled = use_cases.cancel_reservation.handle(command).await?;
    Ok(HttpResponse::Ok().json(ReservationBody::from(cancelled)))
}
