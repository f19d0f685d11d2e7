//! What a crowd is told that asks for the same at once.

use actix_web::{body::to_bytes, dev::Service, test::init_service};
use chrono::Duration;
use domain::{
    catalog::{Concert, SalesWindow, Schedule, TimeZone},
    page::Page,
    storage::StorageError,
};
use futures_util::future::join_all;
use uuid::Uuid;

use super::support::{Mocks, active, get, now, with};
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
    let asked = paths.iter().cycle().take(CROWD).map(|path| async move {
        let response = application.call(with("queue", get(path)).to_request()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body()).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    });
    join_all(asked).await
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
