use domain::{
    page::{Cursor, PageLimit},
    reservation::MockReservations,
};
use uuid::Uuid;

use super::*;
use crate::samples::{USER, assert_refused, at, away, clock, reservation};

fn query() -> ListReservationsQuery {
    let after = Some(Cursor { position: 5, id: Uuid::nil() });
    let page = PageRequest { after, limit: PageLimit::new(7).unwrap() };
    ListReservationsQuery { user: USER, status: Some(ReservationStatus::Expired), page }
}

fn answering(answer: Result<Page<Reservation>, StorageError>) -> ListReservations {
    let mut reservations = MockReservations::new();
    reservations.expect_list().times(1).return_once(|asked| {
        let ListReservationsQuery { user, status, page } = query();
        assert_eq!(asked, &ReservationQuery { user, status, page, now: at(310) }, "what is asked for");
        answer
    });
    ListReservations::new(clock(vec![at(310)]), Arc::new(reservations))
}

#[tokio::test]
async fn reservations_are_listed_as_they_are_now() {
    let counts = Reservation { expires_at: at(311), ..reservation() };
    let next = Some(Cursor { position: 4, id: Uuid::nil() });
    let stored = Page { items: vec![reservation(), counts.clone()], next };
    let expired = Reservation { status: ReservationStatus::Expired, ..reservation() };
    let listed = answering(Ok(stored)).handle(query()).await;
    assert_eq!(listed.unwrap(), Page { items: vec![expired, counts], next });
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(answering(Err(away())).handle(query()).await, StorageError::Unavailable(_));
}
