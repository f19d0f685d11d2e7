//! `GET /schedules/{scheduleId}/seats/events`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use async_trait::async_trait;
use catalog::WatchedSeats;
use domain::catalog::{SeatNews, SeatState};
use serde::Serialize;
use tokio::time::sleep;
use utoipa::ToSchema;
use waiting_room::RequireTurnError;

use super::list_seats::SeatStatusName;
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{PathId, QueueCaller},
    response::{Event, EventSource, EventStreams, EventText},
    use_cases::UseCases,
};

/// How long to wait where a turn could not be checked, before it is checked again.
const CHECKED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What anybody may know of one seat.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeatState)]
pub(crate) struct SeatStateBody {
    /// The number within the schedule.
    #[schema(minimum = 1, maximum = 50, examples(12))]
    seat_number: u8,
    /// Whether it can be booked.
    status: SeatStatusName,
}

impl From<SeatState> for SeatStateBody {
    fn from(seat: SeatState) -> Self {
        Self { seat_number: seat.number.get(), status: seat.status.into() }
    }
}

/// Everything as one event, or an event for each change.
fn events(news: SeatNews) -> Result<EventText, serde_json::Error> {
    let mut text = EventText::default();
    match news {
        SeatNews::Everything(seats) => {
            let data: Vec<_> = seats.into_iter().map(SeatStateBody::from).collect();
            text.push(&Event { name: "seats", id: None, data })?;
        }
        SeatNews::Changes(seats) => {
            for seat in seats {
                text.push(&Event { name: "seat", id: None, data: SeatStateBody::from(seat) })?;
            }
        }
    }
    Ok(text)
}

/// Seats for somebody whose turn it is.
struct SeatEvents {
    seats: WatchedSeats,
    caller: QueueCaller,
    use_cases: web::Data<UseCases>,
}

/// What is known of a caller's turn.
enum Turn {
    Goes,
    IsOver,
    /// The store is away.
    CanNotBeChecked,
}

impl SeatEvents {
    async fn turn(&self) -> Turn {
        match self.use_cases.require_turn.handle(&self.caller.issued).await {
            Ok(_) => Turn::Goes,
            Err(RequireTurnError::NoTurn(_)) => Turn::IsOver,
            Err(RequireTurnError::Storage(_)) => Turn::CanNotBeChecked,
        }
    }
}

#[async_trait(?Send)]
impl EventSource for SeatEvents {
    async fn next(&mut self) -> Option<EventText> {
        loop {
            self.seats.changed().await.ok()?;
            match self.turn().await {
                Turn::Goes => return events(self.seats.take_news()).ok(),
                Turn::IsOver => return None,
                // What changed is told once it is known that it may be.
                Turn::CanNotBeChecked => sleep(CHECKED_AGAIN_AFTER).await,
            }
        }
    }

    async fn goes_on(&mut self) -> bool {
        !matches!(self.turn().await, Turn::IsOver)
    }
}

/// An event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape that the API's description shows; the writing is done by hand")]
struct SeatEvent {
    /// What the event is about.
    #[schema(pattern = "^seats?$", examples("seat"))]
    event: String,
    /// An array of `SeatState` for `seats`, one `SeatState` for `seat`, as JSON.
    #[schema(content_media_type = "application/json", examples("{\"seatNumber\":1,\"status\":\"HELD\"}"))]
    data: String,
}

problems!(WatchSeatsProblems: ADMITTED, STORE; ScheduleNotFound, TooManyStreams, ShuttingDown);

/// Watches the seats of a schedule.
///
/// A `seats` event with all of them, in the order of their numbers, comes first; then a `seat` event at each
/// change, a hold that runs out included. A `seats` event at any later time means: forget what you knew. Of states
/// that follow each other within a fraction of a second some may be left out, never the last. A comment comes
/// every 15 seconds when nothing else does. The stream, and its connection, end when the caller's turn is over, and
/// when the instance is about to stop: then open another.
#[utoipa::path(
    get, path = "/api/v1/schedules/{scheduleId}/seats/events", operation_id = "watchSeats", tag = "Catalogue",
    params(
        ("scheduleId" = Uuid, Path, description = "The schedule.", example = "0192f0c1-7e7b-7000-8000-000000000020"),
    ),
    responses(
        (
            status = 200,
            description = "The stream. The data of `seats` is an array of `SeatState`, that of `seat` is one.",
            content_type = "text/event-stream", body = SeatEvent,
            example = json!({"event": "seat", "data": "{\"seatNumber\":1,\"status\":\"HELD\"}"}),
        ),
        WatchSeatsProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn watch_seats(
    caller: QueueCaller,
    schedule: PathId,
    use_cases: web::Data<UseCases>,
    streams: web::Data<EventStreams>,
) -> Result<HttpResponse, Problem> {
    caller.require_turn(&use_cases).await?;
    let schedule = schedule.or(Code::ScheduleNotFound)?;
    let place = streams.place()?;
    let seats = use_cases.watch_seats.handle(schedule).await?;
    Ok(place.answer(SeatEvents { seats, caller, use_cases }))
}
