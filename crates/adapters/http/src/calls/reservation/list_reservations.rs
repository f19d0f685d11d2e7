//! `GET /reservations`.

use actix_web::{HttpResponse, web};
use domain::{ids::UserId, reservation::ReservationStatus};
use reservation::ListReservationsQuery;
use utoipa::IntoParams;

use super::body::{ReservationBody, ReservationStatusName};
use crate::{
    openapi::problems,
    problem::Problem,
    request::{IdentifiedCaller, PageParameters, Query},
    response::PageBody,
    use_cases::UseCases,
};

/// Which reservations are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the shape that the API's description shows")]
pub(crate) struct ListReservationsParameters {
    /// Only those in this status.
    #[param(required = false, inline, example = "RESERVED")]
    status: ReservationStatusName,
}

fn status(text: &str) -> Result<ReservationStatus, &'static str> {
    match text {
        "RESERVED" => Ok(ReservationStatus::Reserved),
        "PAID" => Ok(ReservationStatus::Paid),
        "CANCELLED" => Ok(ReservationStatus::Cancelled),
        "EXPIRED" => Ok(ReservationStatus::Expired),
        _ => Err("must be RESERVED, PAID, CANCELLED or EXPIRED"),
    }
}

fn wanted(user: UserId, query: &Query) -> Result<ListReservationsQuery, Problem> {
    Ok(ListReservationsQuery { user, status: query.read("status", status)?, page: query.page()? })
}

problems!(ListReservationsProblems: IDENTIFIED, STORE; InvalidRequest);

/// Lists the caller's reservations, newest first.
#[utoipa::path(
    get, path = "/api/v1/reservations", operation_id = "listReservations", tag = "Reservations",
    params(ListReservationsParameters, PageParameters),
    responses(
        (status = 200, description = "A page of reservations.", body = PageBody<ReservationBody>),
        ListReservationsProblems,
    ),
    security(("accessToken" = []), ("queueToken" = [])),
)]
pub(crate) async fn list_reservations(
    caller: IdentifiedCaller,
    query: Query,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let user = caller.user(&use_cases).await;
    let reservations = use_cases.list_reservations.handle(wanted(user, &query)?).await?;
    Ok(HttpResponse::Ok().json(PageBody::<ReservationBody>::from(reservations)))
}
