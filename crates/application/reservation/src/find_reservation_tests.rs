use domain::reservation::{MockReservations, ReservationStatus};

use super::*;
use crate::samples::{RESERVATION, USER, assert_refused, at, away, clock, reservation};

fn at_second(second: i64, answer: Result<Option<Reservation>, StorageError>) -> FindReservation {
    let mut reservations = MockReservations::new();
    reservations.expect_find().times(1).return_once(|user, id| {
        assert_eq!((user, id), (USER, RESERVATION), "which reservation is looked up");
        answer
    });
    FindReservation::new(clock(vec![at(second)]), Arc::new(reservations))
}

#[tokio::test]
async fn a_hold_reads_as_reserved_until_just_before_it_runs_out() {
    let found = at_second(309, Ok(Some(reservation()))).handle(USER, RESERVATION).await;
    assert_eq!(found.unwrap(), reservation());
}

#[tokio::test]
async fn a_run_out_hold_reads_as_expired_though_nobody_has_noted_it() {
    let found = at_second(310, Ok(Some(reservation()))).handle(USER, RESERVATION).await;
    assert_eq!(found.unwrap(), Reservation { status: ReservationStatus::Expired, ..reservation() });
}

#[tokio::test]
async fn a_paid_reservation_never_expires() {
    let paid = Reservation { status: ReservationStatus::Paid, ..reservation() };
    let found = at_second(310, Ok(Some(paid.clone()))).handle(USER, RESERVATION).await;
    assert_eq!(found.unwrap(), paid);
}

#[tokio::test]
async fn an_unknown_reservation_is_not_found() {
    let refused = at_second(50, Ok(None)).handle(USER, RESERVATION).await;
    assert_refused!(refused, FindReservationError::NotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = at_second(50, Err(away())).handle(USER, RESERVATION).await;
    assert_refused!(refused, FindReservationError::Storage(StorageError::Unavailable(_)));
}
