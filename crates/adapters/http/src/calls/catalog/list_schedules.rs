//! `GET /concerts/{concertId}/schedules`.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use catalog::{ListSchedules, ListSchedulesQuery};
use chrono::NaiveDate;
use domain::catalog::ScheduleAvailability;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::listings::Listings;
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::{KnownVersions, PathId, Query, QueueCaller},
    response::{Instant, Versioned},
    use_cases::UseCases,
};

/// A date of a concert.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Schedule)]
pub(crate) struct ScheduleBody {
    /// The schedule's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000020"))]
    schedule_id: Uuid,
    /// The concert.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000010"))]
    concert_id: Uuid,
    /// When the show begins.
    concert_date: Instant,
    /// How many seats are free.
    #[schema(minimum = 0, maximum = 50, examples(37))]
    available_seats: u8,
    /// How many seats there are.
    #[schema(minimum = 1, maximum = 50, examples(50))]
    total_seats: u8,
}

impl From<ScheduleAvailability> for ScheduleBody {
    fn from(ScheduleAvailability { schedule, available_seats }: ScheduleAvailability) -> Self {
        Self {
            schedule_id: schedule.id.0,
            concert_id: schedule.concert.0,
            concert_date: schedule.starts_at.into(),
            available_seats,
            total_seats: schedule.total_seats,
        }
    }
}

/// Which dates of a concert are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the shape that the API's description shows")]
pub(crate) struct ListSchedulesParameters {
    /// Only this day, in the concert's time zone.
    #[param(required = false, example = "2026-12-24")]
    date: NaiveDate,
    /// `all` for every date, not only those that can be booked now.
    #[param(required = false, inline, example = "all")]
    status: All,
}

/// Everything, not only what can be booked now.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the shape that the API's description shows")]
pub(crate) enum All {
    All,
}

fn date(text: &str) -> Result<NaiveDate, &'static str> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    date.ok_or("must be a date that exists, as in 2026-12-24")
}

fn wanted(query: &Query, concert: PathId) -> Result<ListSchedulesQuery, Problem> {
    let date = query.read("date", date)?;
    let all = query.all()?;
    Ok(ListSchedulesQuery { concert: concert.or(Code::ConcertNotFound)?, date, all })
}

problems!(ListSchedulesProblems: ADMITTED, STORE; InvalidRequest, ConcertNotFound);

/// Lists the dates of a concert, soonest first.
///
/// Only those that can be booked now: on sale, and with a seat free.
#[utoipa::path(
    get, path = "/api/v1/concerts/{concertId}/schedules", operation_id = "listSchedules", tag = "Catalogue",
    params(
        ("concertId" = Uuid, Path, description = "The concert.", example = "0192f0c1-7e7b-7000-8000-000000000010"),
        ListSchedulesParameters,
        KnownVersions,
    ),
    responses(
        (
            status = 200, description = "The dates.", body = [ScheduleBody],
            headers(("ETag" = String, description = "The answer's version.")),
        ),
        (
            status = 304, description = "The caller has kept this very answer.",
            headers(("ETag" = String, description = "The answer's version.")),
        ),
        ListSchedulesProblems,
    ),
    security(("queueToken" = [])),
)]
pub(crate) async fn list_schedules(
    caller: QueueCaller,
    concert: PathId,
    query: Query,
    known: KnownVersions,
    use_cases: web::Data<UseCases>,
    listings: web::Data<Listings>,
) -> Result<HttpResponse, Problem> {
    caller.require_turn(&use_cases).await?;
    let query = wanted(&query, concert)?;
    let listing =
        listings.schedules.ask(query, listing(Arc::clone(&use_cases.list_schedules), query)).await?;
    Ok(listing.unless_known(&known))
}

async fn listing(
    list_schedules: Arc<ListSchedules>,
    query: ListSchedulesQuery,
) -> Result<Versioned, Problem> {
    let schedules = list_schedules.handle(query).await?;
    Versioned::of(&schedules.into_iter().map(ScheduleBody::from).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_day_is_read_as_it_is_written(days in 0..3_652_059_i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(days + 1).unwrap();
            prop_assert_eq!(date(&day.format("%Y-%m-%d").to_string()), Ok(day));
        }

        #[test]
        fn whatever_is_sent_as_a_date_is_one_in_its_usual_spelling_or_refused(
            text in "[0-9]{3,5}-[0-9]{1,3}-[0-9]{1,3}|[-+0-9 ]{0,12}|.{0,12}"
        ) {
            if let Ok(day) = date(&text) {
                prop_assert_eq!(day.format("%Y-%m-%d").to_string(), text);
            }
        }
    }

    #[test]
    fn a_date_is_one_that_exists() {
        assert!(date("2028-02-29").is_ok());
        for text in
            ["", "2026-02-29", "2026-13-01", "2026-1-1", "20261224", "+026-01-01", "2026-12-24T00:00:00Z"]
        {
            assert!(date(text).is_err(), "{text}");
        }
    }
}
