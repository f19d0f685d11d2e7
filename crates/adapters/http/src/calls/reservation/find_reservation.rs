//! `GET /reservations/{reservationId}`.

use actix_web::{HttpResponse, web};

use super::body::ReservationBody;
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{IdentifiedCaller, PathId},
    use_cases::UseCases,
};

problems!(FindReservationProblems: IDENTIFIED, STORE; ReservationNotFound);

/// Shows a reservation of the caller's.
#[utoipa::path(
    get, path = "/api/v1/reservations/{reservationId}", operation_id = "findReservation", tag = "Reservations",
    params((
        "reservationId" = Uuid, Path, description = "The reservation.",
        example = "0192f0c1-7e7b-7000-8000-000000000040",
    )),
    responses((status = 200, description = "The reservation.", body = ReservationBody), FindReservationProblems),
    security(("accessToken" = []), ("queueToken" = [])),
)]
pub(crate) async fn find_reservation(
    caller: IdentifiedCaller,
    reservation: PathId,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let user = caller.user(&use_cases).await;
    let reservation = reservation.or(Code::ReservationNotFound)?;
    let reservation = use_cases.find_reservation.handle(user, reservation).await?;
    Ok(HttpResponse::Ok().json(ReservationBody::from(reservation)))
}
