use domain::{
    catalog::{MockCatalog, Occupancy, Schedule},
    ids::{ReservationId, SeatId},
    money::Money,
};
use uuid::Uuid;

use super::*;
use crate::samples::{SCHEDULE, assert_refused, at, away, clock, name, number, schedule};

const ALL: ListSeatsQuery = ListSeatsQuery { schedule: SCHEDULE, all: true };
const ONLY_AVAILABLE: ListSeatsQuery = ListSeatsQuery { schedule: SCHEDULE, all: false };
const SOMEBODY: ReservationId = ReservationId(Uuid::from_u128(9));

fn seat(seat_number: u8, occupancy: Occupancy) -> Seat {
    Seat {
        id: SeatId(Uuid::from_u128(u128::from(seat_number))),
        schedule: SCHEDULE,
        number: number(i64::from(seat_number)),
        name: format!("A{seat_number}"),
        grade: name("Parquet"),
        price: Money::from_units(50),
        occupancy,
    }
}

/// Free; held until the sixtieth second; held until the fiftieth; sold.
fn seats() -> Vec<Seat> {
    vec![
        seat(1, Occupancy::Free),
        seat(2, Occupancy::Held { by: SOMEBODY, until: at(60) }),
        seat(3, Occupancy::Held { by: SOMEBODY, until: at(50) }),
        seat(4, Occupancy::Sold { to: SOMEBODY }),
    ]
}

fn at_second(second: i64, answer: Result<Option<(Schedule, Vec<Seat>)>, StorageError>) -> ListSeats {
    let mut catalog = MockCatalog::new();
    catalog.expect_seats().times(1).return_once(|asked| {
        assert_eq!(asked, SCHEDULE, "the schedule whose seats are asked for");
        answer
    });
    ListSeats::new(clock([at(second)]), Arc::new(catalog))
}

fn found() -> (Schedule, Vec<Seat>) {
    (schedule(), seats())
}

fn statuses(views: &[SeatView]) -> Vec<(u8, SeatStatus)> {
    views.iter().map(|view| (view.seat.number.get(), view.status)).collect()
}

#[tokio::test]
async fn only_seats_that_can_be_booked_are_listed_those_of_a_run_out_hold_among_them() {
    let views = at_second(50, Ok(Some(found()))).handle(ONLY_AVAILABLE).await.unwrap();
    assert_eq!(statuses(&views), [(1, SeatStatus::Available), (3, SeatStatus::Available)]);
}

#[tokio::test]
async fn every_seat_is_listed_with_its_status_if_all_are_wanted() {
    let views = at_second(50, Ok(Some(found()))).handle(ALL).await.unwrap();
    let (available, held, sold) = (SeatStatus::Available, SeatStatus::Held, SeatStatus::Sold);
    assert_eq!(statuses(&views), [(1, available), (2, held), (3, available), (4, sold)]);
    let listed: Vec<_> = views.into_iter().map(|view| view.seat).collect();
    assert_eq!(listed, seats(), "the seats are told as they are stored");
}

#[tokio::test]
async fn no_seat_can_be_booked_before_sales_open_or_once_they_are_closed() {
    for second in [9, 100] {
        let views = at_second(second, Ok(Some(found()))).handle(ONLY_AVAILABLE).await.unwrap();
        assert_eq!(statuses(&views), [], "at second {second}");
    }
}

#[tokio::test]
async fn every_seat_is_listed_even_while_nothing_is_on_sale_if_all_are_wanted() {
    let views = at_second(9, Ok(Some(found()))).handle(ALL).await.unwrap();
    assert_eq!(views.len(), 4, "{views:?}");
}

#[tokio::test]
async fn an_unknown_schedule_is_not_found() {
    assert_refused!(at_second(50, Ok(None)).handle(ALL).await, ListSeatsError::ScheduleNotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = at_second(50, Err(away())).handle(ALL).await;
    assert_refused!(refused, ListSeatsError::Storage(StorageError::Unavailable(_)));
}
