//! `GET /queue/events`.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderMap, HeaderName},
    web,
};
use async_trait::async_trait;
use domain::waiting_room::{EndReason, Standing, Ticket, TicketState, TicketWatch};
use tokio::time::{Instant, sleep, sleep_until};
use waiting_room::CheckPlaceError;

use super::ticket::TicketBody;
use utoipa::ToSchema;

use crate::{
    openapi::problems,
    problem::Problem,
    request::QueueCaller,
    response::{Event, EventSource, EventStreams, EventText},
    use_cases::UseCases,
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How long to wait where a place could not be told, before it is tried again.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What an event tells, in short: whoever comes again with it is told only what is new.
fn id_of(standing: &Standing) -> String {
    match standing.ticket.state {
        TicketState::Waiting => format!("waiting-{}-{}", standing.ahead, standing.waiting),
        TicketState::Active { expires_at, .. } => format!("active-{}", expires_at.timestamp_micros()),
        TicketState::Ended { reason } => format!("ended-{}", reason_of(reason)),
    }
}

const fn reason_of(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Paid => "paid",
        EndReason::Left => "left",
        EndReason::TimedOut => "timed-out",
        EndReason::NoShow => "no-show",
    }
}

/// Whether there is nothing more to wait for.
fn is_settled(standing: &Standing) -> bool {
    standing.ticket.state != TicketState::Waiting
}

fn last_event_id(headers: &HeaderMap) -> Option<String> {
    headers.get(LAST_EVENT_ID)?.to_str().ok().map(str::to_owned)
}

/// The place of somebody who waits, whenever there is news of it: at once when something happens to the ticket
/// itself, and as often as a poll would be due when others do.
struct PlaceEvents {
    issued: Ticket,
    use_cases: web::Data<UseCases>,
    watch: Box<dyn TicketWatch>,
    told: Option<String>,
    due: Instant,
    over: bool,
}

impl PlaceEvents {
    async fn place(&self) -> Result<Standing, CheckPlaceError> {
        self.use_cases.check_place.follow(&self.issued).await
    }

    /// The event that tells of a place, unless it was told before.
    fn tell(&mut self, standing: &Standing) -> Option<EventText> {
        self.over = is_settled(standing);
        self.due = Instant::now() + standing.poll_after().to_std().unwrap_or(TRIED_AGAIN_AFTER);
        let id = id_of(standing);
        if self.told.as_ref() == Some(&id) {
            return None;
        }
        self.told = Some(id.clone());
        let mut text = EventText::default();
        text.push(&Event { name: "status", id: Some(id), data: TicketBody::from(standing) }).ok()?;
        Some(text)
    }
}

#[async_trait(?Send)]
impl EventSource for PlaceEvents {
    async fn next(&mut self) -> Option<EventText> {
        while !self.over {
            tokio::select! {
                () = self.watch.changed() => {}
                () = sleep_until(self.due) => {}
            }
            // Dropped before it is told, the news is due all the same.
            self.due = Instant::now();
            match self.place().await {
                Ok(standing) => {
                    if let Some(text) = self.tell(&standing) {
                        return Some(text);
                    }
                }
                Err(CheckPlaceError::UnknownTicket) => return None,
                Err(CheckPlaceError::TooFast { .. } | CheckPlaceError::Storage(_)) => {
                    sleep(TRIED_AGAIN_AFTER).await;
                }
            }
        }
        None
    }

    /// Whoever keeps the stream open is there.
    async fn goes_on(&mut self) -> bool {
        !self.over && !matches!(self.place().await, Err(CheckPlaceError::UnknownTicket))
    }
}

/// An event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape that the API's description shows; the writing is done by hand")]
struct StatusEvent {
    /// What to send as `Last-Event-ID` when the stream is opened again.
    #[schema(examples("waiting-41-97"))]
    id: String,
    /// What the event is about.
    #[schema(pattern = "^status$", examples("status"))]
    event: String,
    /// A `Ticket`, as JSON.
    #[schema(
        content_media_type = "application/json",
        examples("{\"status\":\"WAITING\",\"ahead\":0,\"waiting\":12}")
    )]
    data: String,
}

problems!(FollowPlaceProblems: IDENTIFIED, STORE; TooManyStreams, ShuttingDown);

/// Follows where the caller stands.
///
/// A `status` event with the body of `GET /queue/status` comes at once, again whenever something happens to the
/// ticket, and, while others in front come and go, as often as a poll would be due. The stream claims a turn that
/// comes, and ends after `ACTIVE` or `ENDED`. Whoever comes again with `Last-Event-ID` is told only what is new; if
/// the last event was the end of the stream, the answer is a 204, at which browsers stop coming.
#[utoipa::path(
    get, path = "/api/v1/queue/events", operation_id = "followPlace", tag = "Waiting room",
    params((
        "Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that came.",
        example = "waiting-41-97",
    )),
    responses(
        (
            status = 200, description = "The stream. The data of `status` is a `Ticket`.",
            content_type = "text/event-stream", body = StatusEvent,
            example = json!({"id": "waiting-0-12", "event": "status", "data": "{\"status\":\"WAITING\",\"ahead\":0,\"waiting\":12}"}),
        ),
        (status = 204, description = "The last event was the last: there is nothing more to come."),
        FollowPlaceProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn follow_place(
    request: HttpRequest,
    caller: QueueCaller,
    use_cases: web::Data<UseCases>,
    streams: web::Data<EventStreams>,
) -> Result<HttpResponse, Problem> {
    // Watched before it is looked at, so that nothing happens in between.
    let watch = use_cases.check_place.watch(&caller.issued);
    let standing = use_cases.check_place.follow(&caller.issued).await?;
    let told = last_event_id(request.headers());
    if is_settled(&standing) && told.as_ref() == Some(&id_of(&standing)) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let place = streams.place()?;
    let issued = caller.issued;
    Ok(place.answer(PlaceEvents { issued, use_cases, watch, told, due: Instant::now(), over: false }))
}
