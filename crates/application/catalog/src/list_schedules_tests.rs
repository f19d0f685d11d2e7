use domain::{
    catalog::{Concert, MockCatalog, SalesWindow, Schedule},
    ids::ScheduleId,
    time::Timestamp,
};
use uuid::Uuid;

use super::*;
use crate::samples::{CONCERT, assert_refused, at, away, clock, concert, schedule};

const ALL: ListSchedulesQuery = ListSchedulesQuery { concert: CONCERT, date: None, all: true };

fn listed(id: u128, available_seats: u8, sales: SalesWindow) -> ScheduleAvailability {
    let schedule = Schedule { id: ScheduleId(Uuid::from_u128(id)), sales, ..schedule() };
    ScheduleAvailability { schedule, available_seats }
}

fn beginning(id: u128, starts_at: &str) -> ScheduleAvailability {
    let mut listed = listed(id, 1, SalesWindow::stored(at(10), at(100)));
    listed.schedule.starts_at = starts_at.parse::<Timestamp>().unwrap();
    listed
}

fn finding(concert: Result<Option<Concert>, StorageError>) -> MockCatalog {
    let mut catalog = MockCatalog::new();
    catalog.expect_concert().times(1).return_once(|asked| {
        assert_eq!(asked, CONCERT, "the concert that is looked up");
        concert
    });
    catalog
}

fn listing(schedules: Vec<ScheduleAvailability>) -> ListSchedules {
    let mut catalog = finding(Ok(Some(concert())));
    catalog.expect_schedules().times(1).return_once(|concert, now| {
        assert_eq!((concert, now), (CONCERT, at(50)), "whose schedules are asked for, and when");
        Ok(schedules)
    });
    ListSchedules::new(clock([at(50)]), Arc::new(catalog))
}

async fn ids_of(list: ListSchedules, query: ListSchedulesQuery) -> Vec<u128> {
    list.handle(query).await.unwrap().iter().map(|listed| listed.schedule.id.0.as_u128()).collect()
}

fn of_every_kind() -> Vec<ScheduleAvailability> {
    vec![
        listed(1, 1, SalesWindow::stored(at(50), at(51))),
        listed(2, 0, SalesWindow::stored(at(10), at(100))),
        listed(3, 1, SalesWindow::stored(at(51), at(100))),
        listed(4, 1, SalesWindow::stored(at(10), at(50))),
        listed(5, 3, SalesWindow::stored(at(10), at(100))),
    ]
}

#[tokio::test]
async fn only_dates_on_sale_with_a_free_seat_are_listed_in_their_order() {
    let listed = ids_of(listing(of_every_kind()), ListSchedulesQuery { all: false, ..ALL }).await;
    assert_eq!(listed, [1, 5]);
}

#[tokio::test]
async fn every_date_is_listed_if_all_are_wanted() {
    assert_eq!(listing(of_every_kind()).handle(ALL).await.unwrap(), of_every_kind());
}

#[tokio::test]
async fn a_day_is_the_concerts_from_its_midnight_to_just_before_the_next() {
    let schedules = vec![
        beginning(1, "2026-12-23T14:59:59.999999Z"),
        beginning(2, "2026-12-23T15:00:00Z"),
        beginning(3, "2026-12-24T14:59:59.999999Z"),
        beginning(4, "2026-12-24T15:00:00Z"),
    ];
    let date = Some("2026-12-24".parse().unwrap());
    assert_eq!(ids_of(listing(schedules), ListSchedulesQuery { date, ..ALL }).await, [2, 3]);
}

#[tokio::test]
async fn a_day_does_not_list_dates_that_can_not_be_booked() {
    let mut sold_out = beginning(1, "2026-12-24T10:00:00Z");
    sold_out.available_seats = 0;
    let schedules = vec![sold_out, beginning(2, "2026-12-24T11:00:00Z")];
    let query = ListSchedulesQuery { date: Some("2026-12-24".parse().unwrap()), all: false, ..ALL };
    assert_eq!(ids_of(listing(schedules), query).await, [2]);
}

#[tokio::test]
async fn a_day_beyond_the_calendar_has_no_dates() {
    let query = ListSchedulesQuery { date: Some(NaiveDate::MAX), ..ALL };
    assert_eq!(listing(of_every_kind()).handle(query).await.unwrap(), []);
}

#[tokio::test]
async fn an_unknown_concert_is_not_found() {
    let mut catalog = finding(Ok(None));
    catalog.expect_schedules().never();
    let list = ListSchedules::new(clock([at(50)]), Arc::new(catalog));
    assert_refused!(list.handle(ALL).await, ListSchedulesError::ConcertNotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_when_the_concert_is_looked_up() {
    let list = ListSchedules::new(clock([at(50)]), Arc::new(finding(Err(away()))));
    assert_refused!(list.handle(ALL).await, ListSchedulesError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_when_the_dates_are_listed() {
    let mut catalog = finding(Ok(Some(concert())));
    catalog.expect_schedules().times(1).returning(|_, _| Err(away()));
    let list = ListSchedules::new(clock([at(50)]), Arc::new(catalog));
    assert_refused!(list.handle(ALL).await, ListSchedulesError::Storage(StorageError::Unavailable(_)));
}
