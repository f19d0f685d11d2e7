//! What a crowd is told that asks for the same at once.

use actix_web::{
    Error,
    body::{MessageBody, to_bytes},
    dev::{Service, ServiceResponse},
    test::init_service,
};
use chrono::Duration;
use domain::{
    catalog::{Concert, Occupancy, SalesWindow, Schedule, Seat, SeatNumber, TimeZone},
    ids::ReservationId,
    money::Money,
    page::Page,
    reservation::{HoldFacts, HoldsSoFar, SeatSeen, SeatsSeen, Show},
    storage::StorageError,
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::support::{Mocks, active, get, now, post, with};
use crate::server::application;

/// How many ask at once.
const CROWD: usize = 50;

fn seats_path(schedule: u128) -> String {
    format!("/api/v1/schedules/{}/seats", Uuid::from_u128(schedule))
}

fn concert() -> Concert {
    Concert {
        id: Uuid::from_u128(10).into(),
        name: domain::text::Name::new("Concert").unwrap(),
        time_zone: TimeZone::default(),
        created_at: now(),
    }
}

fn schedule() -> Schedule {
    Schedule {
        id: Uuid::from_u128(20).into(),
        concert: concert().id,
        starts_at: now() + Duration::days(1),
        sales: SalesWindow::stored(now(), now() + Duration::days(1)),
        total_seats: 50,
    }
}

/// What each of a crowd is told that asks for these paths, one after the other, before any of it is answered.
async fn told_at_once(mocks: Mocks, paths: &[&str]) -> Vec<(u16, String)> {
    let application = &init_service(application(&mocks.state())).await;
    let request = |path| with("queue", get(path)).to_request();
    join_all(paths.iter().cycle().take(CROWD).map(|path| told(application, request(path)))).await
}

async fn told<R, S, B>(application: &S, request: R) -> (u16, String)
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody<Error: std::fmt::Debug>,
{
    let response = application.call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn show() -> Show {
    Show {
        concert: concert().id,
        concert_name: concert().name,
        schedule: schedule().id,
        starts_at: schedule().starts_at,
    }
}

const SOLD: Occupancy = Occupancy::Sold { to: ReservationId(Uuid::from_u128(40)) };

fn sold_seat() -> Seat {
    let number = SeatNumber::new(12).unwrap();
    Seat {
        id: Uuid::from_u128(30).into(),
        schedule: schedule().id,
        number,
        name: number.seat_name(),
        grade: domain::text::Name::new("R").unwrap(),
        price: Money::from_units(1),
        occupancy: SOLD,
    }
}

#[actix_web::test]
async fn a_crowd_that_has_lost_a_seat_is_refused_by_one_look_once_it_was_heard_that_the_seat_is_gone() {
    let mut mocks = Mocks::with_ticket(active());
    mocks.inventory.expect_load_for_hold().times(1).returning(|_, _, _| {
        Ok(HoldFacts {
            ticket: Some(active()),
            recorded: None,
            show: Some((show(), schedule().sales)),
            seats: vec![sold_seat()],
            holds: HoldsSoFar::default(),
        })
    });
    mocks.inventory.expect_see_seats().times(1).returning(|_| {
        let seat = SeatSeen { number: sold_seat().number, occupancy: SOLD, holder: None };
        Ok(Some(SeatsSeen { sales: schedule().sales, seats: vec![seat] }))
    });
    let application = &init_service(application(&mocks.state())).await;
    let body = format!(r#"{{"scheduleId":"{}","seatNumbers":[12]}}"#, Uuid::from_u128(20));
    let wish = || told(application, with("queue", post("/api/v1/reservations", &body)).to_request());
    let first = wish().await;
    for (status, body) in std::iter::once(first).chain(join_all((0..CROWD).map(|_| wish())).await) {
        assert_eq!(status, 409, "{body}");
        assert!(body.contains(r#""code":"SEAT_TAKEN""#) && body.contains(r#""seatNumbers":[12]"#), "{body}");
    }
}

#[actix_web::test]
async fn a_crowd_that_lists_the_same_seats_is_answered_by_one_reading() {
    let mut mocks = Mocks::with_ticket(active());
    mocks.catalog.expect_seats().times(1).returning(|_| Ok(Some((schedule(), Vec::new()))));
    let told = told_at_once(mocks, &[&seats_path(20)]).await;
    assert_eq!(told, vec![(200, "[]".to_owned()); CROWD]);
}

#[actix_web::test]
async fn all_seats_and_those_that_can_be_booked_are_told_apart_and_so_are_schedules() {
    let mut mocks = Mocks::with_ticket(active());
    let exists = |schedule| schedule == Uuid::from_u128(20).into();
    mocks
        .catalog
        .expect_seats()
        .times(3)
        .returning(move |id| Ok(exists(id).then(|| (schedule(), Vec::new()))));
    let (some, other) = (seats_path(20), seats_path(21));
    let told = told_at_once(mocks, &[&some, &format!("{some}?status=all"), &other]).await;
    let expected = [200, 200, 404].into_iter().cycle().take(CROWD);
    assert!(told.iter().map(|(status, _)| *status).eq(expected), "{told:?}");
}

#[actix_web::test]
async fn a_crowd_that_lists_the_same_concerts_or_dates_is_answered_by_one_reading_each() {
    let mut mocks = Mocks::with_ticket(active());
    let page = || Page { items: vec![concert()], next: None };
    mocks.catalog.expect_concerts().times(1).returning(move |_| Ok(page()));
    mocks.catalog.expect_concert().times(1).returning(|_| Ok(Some(concert())));
    mocks.catalog.expect_schedules().times(1).returning(|_, _| Ok(Vec::new()));
    let dates = format!("/api/v1/concerts/{}/schedules", Uuid::from_u128(10));
    for (status, body) in told_at_once(mocks, &["/api/v1/concerts", &dates]).await {
        assert_eq!(status, 200, "{body}");
    }
}

#[actix_web::test]
async fn each_of_a_crowd_is_refused_under_its_own_request_when_the_store_is_away() {
    let mut mocks = Mocks::with_ticket(active());
    let away = || StorageError::unavailable("it is away");
    mocks.catalog.expect_seats().times(1).returning(move |_| Err(away()));
    let told = told_at_once(mocks, &[&seats_path(20)]).await;
    let mut requests: Vec<_> = told
        .iter()
        .map(|(status, body)| {
            assert_eq!(*status, 503, "{body}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], "STORE_UNAVAILABLE");
            body["requestId"].as_str().unwrap().to_owned()
        })
        .collect();
    requests.sort();
    requests.dedup();
    assert_eq!(requests.len(), CROWD, "expected each to have an id of its own");
}
