//! `GET /schedules/{scheduleId}/seats`.

use std::sync::Arc;

use actix_web::{HttpResponse, http::header::ContentType, web};
use catalog::{ListSeats, ListSeatsQuery, SeatView};
use domain::catalog::SeatStatus;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{list_schedules::All, listings::Listings};
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{PathId, Query, QueueCaller},
    response::{Amount, json_bytes},
    use_cases::UseCases,
};

/// What anybody may know of a seat.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SeatStatus)]
pub(crate) enum SeatStatusName {
    /// It can be booked.
    Available,
    /// Somebody holds it.
    Held,
    /// It is somebody's.
    Sold,
}

impl From<SeatStatus> for SeatStatusName {
    fn from(status: SeatStatus) -> Self {
        match status {
            SeatStatus::Available => Self::Available,
            SeatStatus::Held => Self::Held,
            SeatStatus::Sold => Self::Sold,
        }
    }
}

/// A seat of a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Seat)]
pub(crate) struct SeatBody<'a> {
    /// The seat's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000030"))]
    seat_id: Uuid,
    /// The number within the schedule.
    #[schema(minimum = 1, maximum = 50, examples(12))]
    seat_number: u8,
    /// What it is called in the hall.
    #[schema(examples("B2"))]
    seat_name: &'a str,
    /// The grade.
    #[schema(examples("VIP"))]
    grade: &'a str,
    /// The price.
    price: Amount,
    /// Whether it can be booked.
    status: SeatStatusName,
}

impl<'a> From<&'a SeatView> for SeatBody<'a> {
    fn from(SeatView { seat, status }: &'a SeatView) -> Self {
        Self {
            seat_id: seat.id.0,
            seat_number: seat.number.get(),
            seat_name: &seat.name,
            grade: seat.grade.as_str(),
            price: seat.price.into(),
            status: (*status).into(),
        }
    }
}

/// Which seats of a schedule are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the shape that the API's description shows")]
pub(crate) struct ListSeatsParameters {
    /// `all` for every seat, not only those that can be booked now.
    #[param(required = false, inline, example = "all")]
    status: All,
}

fn wanted(query: &Query, schedule: PathId) -> Result<ListSeatsQuery, Problem> {
    let all = query.all()?;
    Ok(ListSeatsQuery { schedule: schedule.or(Code::ScheduleNotFound)?, all })
}

problems!(ListSeatsProblems: ADMITTED, STORE; InvalidRequest, ScheduleNotFound);

/// Lists the seats of a schedule, in the order of their numbers.
///
/// Only those that can be booked now. Always fresh.
#[utoipa::path(
    get, path = "/api/v1/schedules/{scheduleId}/seats", operation_id = "listSeats", tag = "Catalogue",
    params(
        ("scheduleId" = Uuid, Path, description = "The schedule.", example = "0192f0c1-7e7b-7000-8000-000000000020"),
        ListSeatsParameters,
    ),
    responses((status = 200, description = "The seats.", body = [SeatBody]), ListSeatsProblems),
    security(("queueToken" = [])),
)]
pub(crate) async fn list_seats(
    caller: QueueCaller,
    schedule: PathId,
    query: Query,
    use_cases: web::Data<UseCases>,
    listings: web::Data<Listings>,
) -> Result<HttpResponse, Problem> {
    caller.require_turn(&use_cases).await?;
    let query = wanted(&query, schedule)?;
    let listing = listings.seats.ask(query, listing(Arc::clone(&use_cases.list_seats), query)).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(listing))
}

async fn listing(list_seats: Arc<ListSeats>, query: ListSeatsQuery) -> Result<web::Bytes, Problem> {
    let seats = list_seats.handle(query).await?;
    json_bytes(&seats.iter().map(SeatBody::from).collect::<Vec<_>>())
}
