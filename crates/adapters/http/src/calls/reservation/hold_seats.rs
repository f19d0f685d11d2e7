//! `POST /reservations`.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use domain::{
    catalog::SeatNumber,
    ids::ScheduleId,
    reservation::{HoldRequest, SeatSelection, SeatsSeen},
};
use reservation::{HoldSeatsCommand, RefuseLosers};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::ReservationBody;
use crate::{
    calls::catalog::listings::Listings,
    openapi::{problems, schemas},
    problem::Problem,
    request::{Id, JsonBody, KeyHeader, QueueCaller, WholeNumber},
    response::created_or_replayed,
    use_cases::UseCases,
};

/// The seats somebody wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldSeatsRequest {
    #[schema(schema_with = schemas::schedule_id)]
    schedule_id: Id,
    #[schema(schema_with = schemas::seat_numbers)]
    seat_numbers: Vec<WholeNumber>,
}

impl HoldSeatsRequest {
    fn by(self, caller: QueueCaller) -> Result<HoldRequest, Problem> {
        Ok(HoldRequest {
            user: caller.user,
            ticket: caller.ticket,
            schedule: ScheduleId(self.schedule_id.0),
            seats: selection(self.seat_numbers.iter().map(|number| number.0))?,
        })
    }
}

fn selection(numbers: impl ExactSizeIterator<Item = i64>) -> Result<SeatSelection, Problem> {
    let invalid = |reason: &dyn std::fmt::Display| Problem::invalid("seatNumbers", reason);
    // A schedule has no more seats than its highest number: what is longer names a seat twice or none.
    if numbers.len() > usize::from(SeatNumber::LAST) {
        return Err(invalid(&format!("must name at most {} seats", SeatNumber::LAST)));
    }
    let numbers: Result<Vec<_>, _> = numbers.map(SeatNumber::new).collect();
    SeatSelection::new(numbers.map_err(|error| invalid(&error))?).map_err(|error| invalid(&error))
}

fn command(
    caller: QueueCaller,
    body: JsonBody<HoldSeatsRequest>,
    key: KeyHeader,
) -> Result<HoldSeatsCommand, Problem> {
    Ok(HoldSeatsCommand { request: body.0?.by(caller)?, key: key.0? })
}

problems!(
    HoldSeatsProblems: ADMITTED, BODY, STORE;
    ScheduleNotFound, SeatNotFound, SeatTaken, SeatLimitReached, ScheduleClosed, IdempotencyKeyReused
);

/// Holds seats for the hold time, all of them or none.
///
/// The price is fixed with the hold. At most 4 unpaid seats of a schedule can be held at a time. A seat that has just been
/// seen to become free may be told to be taken for another 20 ms.
#[utoipa::path(
    post, path = "/api/v1/reservations", operation_id = "holdSeats", tag = "Reservations",
    params(KeyHeader),
    request_body(content = HoldSeatsRequest, description = "The seats wanted."),
    responses(
        (status = 201, description = "The reservation.", body = ReservationBody,
         headers(("Idempotent-Replayed", description = "`true` when this is the first answer again."))),
        HoldSeatsProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn hold_seats(
    caller: QueueCaller,
    key: KeyHeader,
    body: JsonBody<HoldSeatsRequest>,
    use_cases: web::Data<UseCases>,
    listings: web::Data<Listings>,
) -> Result<HttpResponse, Problem> {
    let command = caller.turn_before(&use_cases, command(caller, body, key)).await?;
    // A look that fails refuses nobody: the hold itself tells what is wrong.
    let look = async |schedule| {
        let look = look(Arc::clone(&use_cases.refuse_losers), schedule);
        listings.looks.ask(schedule, look).await.ok().flatten()
    };
    let hold = async |command| use_cases.hold_seats.handle(command).await;
    let reservation = use_cases.refuse_losers.or_hold(&caller.issued, command, look, hold).await?;
    Ok(created_or_replayed::<_, ReservationBody>(reservation))
}

async fn look(
    refuse_losers: Arc<RefuseLosers>,
    schedule: ScheduleId,
) -> Result<Option<Arc<SeatsSeen>>, Problem> {
    Ok(refuse_losers.look(schedule).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_seats_that_can_not_be_is_refused() {
        let too_many: Vec<_> = (1..=51).collect();
        for numbers in [vec![], vec![0], vec![51], vec![-1], vec![1, 1], vec![i64::MAX], too_many] {
            let refused = selection(numbers.iter().copied()).unwrap_err().to_string();
            assert!(refused.starts_with("INVALID_REQUEST: seatNumbers: "), "{numbers:?}: {refused}");
        }
        assert!(selection((1..=50_u8).map(i64::from)).is_ok());
    }
}
