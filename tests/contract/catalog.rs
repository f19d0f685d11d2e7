//! Concerts, schedules and seats.

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    catalog::{Concert, Occupancy, SalesWindow, Schedule, Seat, SeatPlan, SeatRange, SeatStatus, TimeZone},
    ids::{ConcertId, ScheduleId},
    money::Money,
    storage::StorageError,
    text::Name,
    time::Timestamp,
};

use crate::stage::{Stage, new_id, number, read_pages};

encore_tests::on_every_store! {
    crate::stage;
    a_concert_is_found_as_it_was_added,
    an_unknown_concert_is_not_found,
    the_list_of_concerts_is_empty_at_first,
    pages_of_concerts_tell_each_once_in_the_order_of_the_list,
    a_schedule_and_its_seats_are_found_as_they_were_added,
    an_unknown_schedule_is_not_found,
    the_schedules_of_a_concert_come_soonest_first,
    a_schedule_of_another_concert_is_not_listed,
    a_seat_is_free_when_its_hold_has_run_out_and_not_before,
    a_sold_seat_is_never_free_again,
    a_schedule_without_a_free_seat_is_listed_with_none,
    a_seat_tells_who_has_it,
    who_has_seats_is_told_of_several_schedules_at_once,
    a_schedule_that_nobody_asked_for_or_that_does_not_exist_has_no_occupancies,
    a_schedule_with_a_seat_twice_is_not_added_at_all,
    a_schedule_of_an_unknown_concert_is_refused,
}

fn concert(name: &str, created_at: Timestamp) -> Concert {
    Concert {
        id: new_id(),
        name: Name::new(name).unwrap(),
        time_zone: TimeZone::new("Europe/Berlin").unwrap(),
        created_at,
    }
}

async fn add_concert(stage: &Stage) -> Concert {
    let concert = concert("A concert", stage.now());
    stage.ports.catalog.add_concert(&concert).await.unwrap();
    concert
}

fn range(from: i64, to: i64, grade: &str, price: Money) -> SeatRange {
    SeatRange { from: number(from), to: number(to), grade: Name::new(grade).unwrap(), price }
}

fn schedule_with(concert: ConcertId, starts_at: Timestamp, ranges: Vec<SeatRange>) -> (Schedule, Vec<Seat>) {
    let plan = SeatPlan::new(ranges).unwrap();
    let sales = SalesWindow::stored(
        starts_at - Duration::microseconds(7_000_001),
        starts_at - Duration::microseconds(1),
    );
    let schedule = Schedule { id: new_id(), concert, starts_at, sales, total_seats: plan.total_seats() };
    let seats = plan.seats(schedule.id, new_id);
    (schedule, seats)
}

async fn free_seats(stage: &Stage, concert: ConcertId, now: Timestamp) -> Vec<(ScheduleId, u8)> {
    let listed = stage.ports.catalog.schedules(concert, now).await.unwrap();
    listed.iter().map(|listed| (listed.schedule.id, listed.available_seats)).collect()
}

async fn a_concert_is_found_as_it_was_added(stage: Stage) {
    let concert = concert("Ein Fest für Søren — 콘서트 🎻 'quoted' \"twice\" \\", stage.now());
    stage.ports.catalog.add_concert(&concert).await.unwrap();
    assert_eq!(stage.ports.catalog.concert(concert.id).await.unwrap(), Some(concert));
}

async fn an_unknown_concert_is_not_found(stage: Stage) {
    add_concert(&stage).await;
    assert_eq!(stage.ports.catalog.concert(new_id()).await.unwrap(), None);
    assert_eq!(stage.ports.catalog.schedules(new_id(), stage.now()).await.unwrap(), []);
}

async fn the_list_of_concerts_is_empty_at_first(stage: Stage) {
    let page = stage.ports.catalog.concerts(domain::page::PageRequest::default()).await.unwrap();
    assert_eq!((page.items, page.next), (vec![], None));
}

async fn pages_of_concerts_tell_each_once_in_the_order_of_the_list(stage: Stage) {
    let first = stage.now();
    let mut concerts: Vec<_> = [2, 0, 1, 1, 0, 1, 1]
        .map(|microseconds| concert(&format!("{microseconds}"), first + Duration::microseconds(microseconds)))
        .into();
    for concert in concerts.iter().rev() {
        stage.ports.catalog.add_concert(concert).await.unwrap();
    }
    concerts.sort_by_key(|concert| (concert.created_at, concert.id));
    for limit in [1, 2, 3, 7, 200] {
        let read = read_pages(limit, async |page| stage.ports.catalog.concerts(page).await.unwrap()).await;
        assert_eq!(read, concerts, "expected the oldest first, {limit} a page");
    }
}

async fn a_schedule_and_its_seats_are_found_as_they_were_added(stage: Stage) {
    let concert = add_concert(&stage).await;
    let starts_at = stage.now() + Duration::days(400) + Duration::microseconds(123_457);
    let (schedule, seats) = schedule_with(
        concert.id,
        starts_at,
        vec![
            range(41, 50, "Stehplätze 🎫", Money::ZERO),
            range(1, 2, "R", Money::from_minor(1)),
            range(9, 9, "VIP", Money::from_minor(99_999_999_999_999)),
        ],
    );
    stage.ports.catalog.add_schedule(&schedule, &seats).await.unwrap();
    assert_eq!(stage.ports.catalog.seats(schedule.id).await.unwrap(), Some((schedule.clone(), seats)));
    let listed = stage.ports.catalog.schedules(concert.id, stage.now()).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].schedule, listed[0].available_seats), (&schedule, 13));
}

async fn an_unknown_schedule_is_not_found(stage: Stage) {
    stage.schedule().await;
    assert_eq!(stage.ports.catalog.seats(new_id()).await.unwrap(), None);
}

async fn the_schedules_of_a_concert_come_soonest_first(stage: Stage) {
    let concert = add_concert(&stage).await;
    let mut expected = Vec::new();
    for days in [30, 10, 20, 20] {
        let starts_at = concert.created_at + Duration::days(days);
        let (schedule, seats) =
            schedule_with(concert.id, starts_at, vec![range(1, 3, "R", Money::from_units(1))]);
        stage.ports.catalog.add_schedule(&schedule, &seats).await.unwrap();
        expected.push((starts_at, schedule.id));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| (id, 3)).collect();
    assert_eq!(free_seats(&stage, concert.id, stage.now()).await, expected);
}

async fn a_schedule_of_another_concert_is_not_listed(stage: Stage) {
    let (show, other) = (stage.schedule().await, stage.schedule().await);
    assert_eq!(free_seats(&stage, show.concert, stage.now()).await, [(show.schedule, 50)]);
    assert_eq!(free_seats(&stage, other.concert, stage.now()).await, [(other.schedule, 50)]);
}

async fn a_seat_is_free_when_its_hold_has_run_out_and_not_before(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2, 3]).await;
    let just_before = reservation.expires_at - Duration::microseconds(1);
    for (now, free) in [(stage.now(), 47), (just_before, 47), (reservation.expires_at, 50)] {
        let listed = free_seats(&stage, show.concert, now).await;
        assert_eq!(listed, [(show.schedule, free)], "at {now}, held until {}", reservation.expires_at);
    }
}

async fn a_sold_seat_is_never_free_again(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold_and_pay(guest, &show, &[7, 8]).await;
    let in_a_year = stage.now() + Duration::days(365);
    assert_eq!(free_seats(&stage, show.concert, in_a_year).await, [(show.schedule, 48)]);
    assert_eq!(
        stage.seat_statuses(&show, &[7, 8, 9]).await,
        [SeatStatus::Sold, SeatStatus::Sold, SeatStatus::Available]
    );
}

async fn a_schedule_without_a_free_seat_is_listed_with_none(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &(1..=50).collect::<Vec<_>>()).await;
    assert_eq!(free_seats(&stage, show.concert, stage.now()).await, [(show.schedule, 0)]);
}

async fn a_seat_tells_who_has_it(stage: Stage) {
    let (buyer, holder, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let (sold, _) = stage.hold_and_pay(buyer, &show, &[1]).await;
    let held = stage.hold(holder, &show, &[2]).await;
    let seats = stage.seats(&show).await;
    let occupancies: Vec<_> = seats[..3].iter().map(|seat| seat.occupancy).collect();
    let expected = [
        Occupancy::Sold { to: sold.id },
        Occupancy::Held { by: held.id, until: held.expires_at },
        Occupancy::Free,
    ];
    assert_eq!(occupancies, expected);
}

async fn who_has_seats_is_told_of_several_schedules_at_once(stage: Stage) {
    let (buyer, holder) = (stage.guest().await, stage.guest().await);
    let first = stage.schedule_with_seats(3, 5, Money::from_units(100)).await;
    let second = stage.schedule_with_seats(1, 1, Money::from_units(100)).await;
    let (sold, _) = stage.hold_and_pay(buyer, &first, &[4]).await;
    let held = stage.hold(holder, &first, &[5]).await;
    let run_out = stage.hold_that_ran_out(holder, &second, &[1]).await;
    let expected = HashMap::from([
        (
            first.schedule,
            vec![
                (number(3), Occupancy::Free),
                (number(4), Occupancy::Sold { to: sold.id }),
                (number(5), Occupancy::Held { by: held.id, until: held.expires_at }),
            ],
        ),
        (second.schedule, vec![(number(1), Occupancy::Held { by: run_out.id, until: run_out.expires_at })]),
    ]);
    let told = stage.ports.catalog.occupancies(&[second.schedule, first.schedule]).await.unwrap();
    assert_eq!(told, expected, "expected each schedule's seats in the order of their numbers");
}

async fn a_schedule_that_nobody_asked_for_or_that_does_not_exist_has_no_occupancies(stage: Stage) {
    let asked = stage.schedule().await;
    stage.schedule().await;
    let told = stage.ports.catalog.occupancies(&[new_id(), asked.schedule]).await.unwrap();
    assert_eq!(told.into_keys().collect::<Vec<_>>(), [asked.schedule]);
    assert_eq!(stage.ports.catalog.occupancies(&[]).await.unwrap(), HashMap::new());
}

async fn a_schedule_with_a_seat_twice_is_not_added_at_all(stage: Stage) {
    let concert = add_concert(&stage).await;
    let ranges = vec![range(1, 3, "R", Money::from_units(1))];
    let (schedule, mut seats) = schedule_with(concert.id, stage.now(), ranges);
    seats.push(Seat { id: new_id(), ..seats[0].clone() });
    let refused = stage.ports.catalog.add_schedule(&schedule, &seats).await;
    assert!(matches!(refused, Err(StorageError::Unexpected(_))), "expected a fault of ours, got {refused:?}");
    assert_eq!(stage.ports.catalog.seats(schedule.id).await.unwrap(), None, "expected no half of a schedule");
    assert_eq!(free_seats(&stage, concert.id, stage.now()).await, []);
}

async fn a_schedule_of_an_unknown_concert_is_refused(stage: Stage) {
    let (schedule, seats) = schedule_with(new_id(), stage.now(), vec![range(1, 1, "R", Money::ZERO)]);
    let refused = stage.ports.catalog.add_schedule(&schedule, &seats).await;
    assert!(matches!(refused, Err(StorageError::Unexpected(_))), "expected a fault of ours, got {refused:?}");
}
