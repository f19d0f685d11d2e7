use domain::{
    catalog::{Concert, MockCatalog, Occupancy, Seat, SeatRange},
    money::Money,
};
use uuid::Uuid;

use super::*;
use crate::samples::{CONCERT, SCHEDULE, assert_refused, at, away, clock, concert, ids, name, number};

fn range(from: i64, to: i64, grade: &str, units: i32) -> SeatRange {
    SeatRange { from: number(from), to: number(to), grade: name(grade), price: Money::from_units(units) }
}

/// Seats 11 and 12 before seat 1, which the plan puts in order.
fn command() -> CreateScheduleCommand {
    CreateScheduleCommand {
        concert: CONCERT,
        starts_at: at(200),
        sales_open_at: Some(at(20)),
        sales_close_at: Some(at(100)),
        seats: SeatPlan::new(vec![range(11, 12, "Balcony", 30), range(1, 1, "Parquet", 50)]).unwrap(),
    }
}

fn seat(id: u128, seat_number: i64, seat_name: &str, grade: &str, units: i32) -> Seat {
    Seat {
        id: SeatId(Uuid::from_u128(id)),
        schedule: SCHEDULE,
        number: number(seat_number),
        name: seat_name.to_owned(),
        grade: name(grade),
        price: Money::from_units(units),
        occupancy: Occupancy::Free,
    }
}

fn finding(concert: Result<Option<Concert>, StorageError>) -> MockCatalog {
    let mut catalog = MockCatalog::new();
    catalog.expect_concert().times(1).return_once(|asked| {
        assert_eq!(asked, CONCERT, "the concert that is looked up");
        concert
    });
    catalog
}

fn adding_nothing(mut catalog: MockCatalog) -> CreateSchedule {
    catalog.expect_add_schedule().never();
    CreateSchedule::new(clock([at(10)]), ids([]), Arc::new(catalog))
}

fn adding(answer: Result<(), StorageError>, expected: Schedule) -> CreateSchedule {
    let mut catalog = finding(Ok(Some(concert())));
    catalog.expect_add_schedule().times(1).return_once(move |schedule, seats| {
        let expected_seats = [
            seat(7, 1, "A1", "Parquet", 50),
            seat(5, 11, "B1", "Balcony", 30),
            seat(6, 12, "B2", "Balcony", 30),
        ];
        assert_eq!(schedule, &expected, "the schedule that is added");
        assert_eq!(seats, expected_seats, "the seats that are added with it");
        answer
    });
    CreateSchedule::new(clock([at(10)]), ids([4, 5, 6, 7]), Arc::new(catalog))
}

fn on_sale(opens_at: Timestamp, closes_at: Timestamp) -> Schedule {
    let sales = SalesWindow::stored(opens_at, closes_at);
    Schedule { id: SCHEDULE, concert: CONCERT, starts_at: at(200), sales, total_seats: 3 }
}

#[tokio::test]
async fn a_schedule_is_added_with_all_its_seats() {
    let expected = on_sale(at(20), at(100));
    let schedule = adding(Ok(()), expected.clone()).handle(command()).await;
    assert_eq!(schedule.unwrap(), expected);
}

#[tokio::test]
async fn a_schedule_is_on_sale_at_once_until_the_show_begins_if_nothing_is_said() {
    let expected = on_sale(at(10), at(200));
    let command = CreateScheduleCommand { sales_open_at: None, sales_close_at: None, ..command() };
    assert_eq!(adding(Ok(()), expected.clone()).handle(command).await.unwrap(), expected);
}

#[tokio::test]
async fn sales_that_go_on_into_the_show_are_refused_before_the_concert_is_looked_up() {
    let mut catalog = MockCatalog::new();
    catalog.expect_concert().never();
    let command = CreateScheduleCommand { sales_close_at: Some(at(201)), ..command() };
    assert_refused!(
        adding_nothing(catalog).handle(command).await,
        CreateScheduleError::SalesWindow(SalesWindowError::ClosesAfterTheShowBegins)
    );
}

#[tokio::test]
async fn sales_that_are_never_open_are_refused() {
    let command = CreateScheduleCommand { sales_close_at: Some(at(19)), ..command() };
    assert_refused!(
        adding_nothing(MockCatalog::new()).handle(command).await,
        CreateScheduleError::SalesWindow(SalesWindowError::NeverOpen)
    );
}

#[tokio::test]
async fn a_schedule_of_an_unknown_concert_is_refused() {
    let refused = adding_nothing(finding(Ok(None))).handle(command()).await;
    assert_refused!(refused, CreateScheduleError::ConcertNotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_when_the_concert_is_looked_up() {
    let refused = adding_nothing(finding(Err(away()))).handle(command()).await;
    assert_refused!(refused, CreateScheduleError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_when_the_schedule_is_added() {
    let refused = adding(Err(away()), on_sale(at(20), at(100))).handle(command()).await;
    assert_refused!(refused, CreateScheduleError::Storage(StorageError::Unavailable(_)));
}
