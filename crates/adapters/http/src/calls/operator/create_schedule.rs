//! `POST /admin/concerts/{concertId}/schedules`.

use std::fmt;

use actix_web::{HttpResponse, web};
use catalog::CreateScheduleCommand;
use domain::{
    catalog::{Schedule, SeatNumber, SeatPlan, SeatRange},
    text::Name,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    openapi::{problems, schemas},
    problem::{Code, Problem},
    request::{GivenAmount, JsonBody, Operator, PathId, WholeNumber},
    response::Instant,
    use_cases::UseCases,
};

/// Seats from one number to another, of one grade and price.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SeatRangeRequest {
    #[schema(schema_with = schemas::first_seat)]
    from: WholeNumber,
    #[schema(schema_with = schemas::last_seat)]
    to: WholeNumber,
    #[schema(schema_with = schemas::grade)]
    grade: String,
    #[schema(schema_with = schemas::price)]
    price: GivenAmount,
}

impl SeatRangeRequest {
    fn range(&self, index: usize) -> Result<SeatRange, Problem> {
        fn invalid<E: fmt::Display>(index: usize, field: &str) -> impl Fn(E) -> Problem {
            move |error| Problem::invalid(&format!("seats[{index}].{field}"), error)
        }
        Ok(SeatRange {
            from: SeatNumber::new(self.from.0).map_err(invalid(index, "from"))?,
            to: SeatNumber::new(self.to.0).map_err(invalid(index, "to"))?,
            grade: Name::new(&self.grade).map_err(invalid(index, "grade"))?,
            price: self.price.money().map_err(invalid(index, "price"))?,
        })
    }
}

/// A date of a concert, and its seats.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateScheduleRequest {
    /// When the show begins.
    concert_date: Instant,
    /// When sales begin; at once if it is left out.
    sales_open_at: Option<Instant>,
    /// When sales end, at the latest when the show begins; then if it is left out.
    sales_close_at: Option<Instant>,
    /// The seats; the ranges do not overlap.
    #[schema(min_items = 1, max_items = 50)]
    seats: Vec<SeatRangeRequest>,
}

impl CreateScheduleRequest {
    fn plan(&self) -> Result<SeatPlan, Problem> {
        let ranges: Result<Vec<_>, _> =
            self.seats.iter().enumerate().map(|(index, range)| range.range(index)).collect();
        SeatPlan::new(ranges?).map_err(|error| Problem::invalid("seats", error))
    }

    fn command(&self, concert: PathId) -> Result<CreateScheduleCommand, Problem> {
        let seats = self.plan()?;
        Ok(CreateScheduleCommand {
            concert: concert.or(Code::ConcertNotFound)?,
            starts_at: self.concert_date.0,
            sales_open_at: self.sales_open_at.map(|instant| instant.0),
            sales_close_at: self.sales_close_at.map(|instant| instant.0),
            seats,
        })
    }
}

/// A date of a concert, as it was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedSchedule)]
pub(crate) struct CreatedScheduleBody {
    /// The schedule's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000020"))]
    schedule_id: Uuid,
    /// The concert.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000010"))]
    concert_id: Uuid,
    /// When the show begins.
    concert_date: Instant,
    /// When sales begin.
    sales_open_at: Instant,
    /// When sales end.
    sales_close_at: Instant,
    /// How many seats there are.
    #[schema(minimum = 1, maximum = 50, examples(50))]
    total_seats: u8,
}

impl From<Schedule> for CreatedScheduleBody {
    fn from(schedule: Schedule) -> Self {
        Self {
            schedule_id: schedule.id.0,
            concert_id: schedule.concert.0,
            concert_date: schedule.starts_at.into(),
            sales_open_at: schedule.sales.opens_at().into(),
            sales_close_at: schedule.sales.closes_at().into(),
            total_seats: schedule.total_seats,
        }
    }
}

problems!(CreateScheduleProblems: OPERATOR, BODY, STORE; ConcertNotFound);

/// Adds a date to a concert, with its seats.
#[utoipa::path(
    post, path = "/api/v1/admin/concerts/{concertId}/schedules", operation_id = "createSchedule", tag = "Operator",
    params((
        "concertId" = Uuid, Path, description = "The concert.", example = "0192f0c1-7e7b-7000-8000-000000000010",
    )),
    request_body(content = CreateScheduleRequest, description = "The date and its seats."),
    responses((status = 201, description = "The schedule.", body = CreatedScheduleBody), CreateScheduleProblems),
    security(("adminKey" = [])),
)]
pub(crate) async fn create_schedule(
    _: Operator,
    concert: PathId,
    body: JsonBody<CreateScheduleRequest>,
    use_cases: web::Data<UseCases>,
) -> Result<HttpResponse, Problem> {
    let command = body.0?.command(concert)?;
    let schedule = use_cases.create_schedule.handle(command).await?;
    Ok(HttpResponse::Created().json(CreatedScheduleBody::from(schedule)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(seats: &str) -> String {
        let json = format!(r#"{{"concertDate":"2026-12-24T10:00:00Z","seats":{seats}}}"#);
        let request: CreateScheduleRequest = serde_json::from_str(&json).unwrap();
        request.plan().unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_with_a_hall_is_named() {
        let table = [
            ("[]", "seats"),
            (r#"[{"from":0,"to":1,"grade":"R","price":1}]"#, "seats[0].from"),
            (r#"[{"from":1,"to":51,"grade":"R","price":1}]"#, "seats[0].to"),
            (r#"[{"from":1,"to":2,"grade":" ","price":1}]"#, "seats[0].grade"),
            (r#"[{"from":1,"to":2,"grade":"R","price":"much"}]"#, "seats[0].price"),
            (r#"[{"from":1,"to":2,"grade":"R","price":1.001}]"#, "seats[0].price"),
            (r#"[{"from":1,"to":2,"grade":"R","price":-1}]"#, "seats"),
            (r#"[{"from":2,"to":1,"grade":"R","price":1}]"#, "seats"),
            (r#"[{"from":1,"to":2,"grade":"R","price":1},{"from":2,"to":3,"grade":"R","price":1}]"#, "seats"),
        ];
        for (seats, field) in table {
            let refused = refused(seats);
            assert!(refused.starts_with(&format!("INVALID_REQUEST: {field}: ")), "{seats}: {refused}");
        }
    }
}
