//! Concerts and users to try the service with.

use adapter_http::UseCases;
use catalog::{CreateConcertCommand, CreateScheduleCommand};
use chrono::Duration;
use domain::{
    catalog::{SeatNumber, SeatPlan, SeatRange, TimeZone},
    identity::{Email, Password},
    ids::ConcertId,
    money::Money,
    page::PageRequest,
    text::Name,
    time::Clock,
};
use identity::{RegisterUserCommand, RegisterUserError};

/// What the demo's users log in with.
pub(crate) const PASSWORD: &str = "encore-demo";
/// The demo's users: what they log in as, and their names.
pub(crate) const USERS: &[(&str, &str)] = &[("ada@example.org", "Ada"), ("ben@example.org", "Ben")];

/// The concerts, with the days until each show.
const CONCERTS: &[(&str, &str, &[i64])] = &[
    ("Winter Strings", "Asia/Seoul", &[30, 31, 32]),
    ("Night of the Organ", "Europe/Berlin", &[45, 60]),
    ("Brass on the River", "America/New_York", &[75]),
];

/// Front rows cost more: first and last number, grade, price.
const HALL: &[(i64, i64, &str, i32)] =
    &[(1, 10, "VIP", 150_000), (11, 30, "R", 110_000), (31, 50, "S", 80_000)];

/// The demo could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the demo data can not be made: {0}")]
pub struct DemoError(#[source] Box<dyn std::error::Error + Send + Sync>);

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> DemoError {
    DemoError(Box::new(error))
}

/// Fills a store that has no concert yet; tells whether it did.
pub(crate) async fn seed(use_cases: &UseCases, clock: &dyn Clock) -> Result<bool, DemoError> {
    let concerts = use_cases.list_concerts.handle(PageRequest::default()).await.map_err(failed)?;
    if !concerts.items.is_empty() {
        return Ok(false);
    }
    for (email, name) in USERS {
        add_user(use_cases, email, name).await?;
    }
    for (name, time_zone, days) in CONCERTS {
        let command = CreateConcertCommand {
            name: Name::new(name).map_err(failed)?,
            time_zone: TimeZone::new(time_zone).map_err(failed)?,
        };
        let concert = use_cases.create_concert.handle(command).await.map_err(failed)?;
        for day in *days {
            add_schedule(use_cases, concert.id, clock.now() + Duration::days(*day)).await?;
        }
    }
    Ok(true)
}

async fn add_user(use_cases: &UseCases, email: &str, name: &str) -> Result<(), DemoError> {
    let command = RegisterUserCommand {
        name: Name::new(name).map_err(failed)?,
        email: Email::new(email).map_err(failed)?,
        password: Password::new(PASSWORD.to_owned()).map_err(failed)?,
    };
    match use_cases.register_user.handle(command).await {
        // Somebody has registered before the demo was asked for.
        Ok(_) | Err(RegisterUserError::EmailTaken) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

async fn add_schedule(
    use_cases: &UseCases,
    concert: ConcertId,
    starts_at: domain::time::Timestamp,
) -> Result<(), DemoError> {
    let range = |(from, to, grade, price): &(i64, i64, &str, i32)| {
        Ok(SeatRange {
            from: SeatNumber::new(*from).map_err(failed)?,
            to: SeatNumber::new(*to).map_err(failed)?,
            grade: Name::new(grade).map_err(failed)?,
            price: Money::from_units(*price),
        })
    };
    let ranges = HALL.iter().map(range).collect::<Result<_, DemoError>>()?;
    let command = CreateScheduleCommand {
        concert,
        starts_at,
        sales_open_at: None,
        sales_close_at: None,
        seats: SeatPlan::new(ranges).map_err(failed)?,
    };
    use_cases.create_schedule.handle(command).await.map(|_| ()).map_err(failed)
}
