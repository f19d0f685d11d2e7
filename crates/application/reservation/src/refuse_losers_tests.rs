use domain::{
    catalog::{MockCatalog, Occupancy, SalesWindow, Schedule, Seat},
    idempotency::IdempotencyKey,
    ids::{ConcertId, ReservationId, SeatId},
    money::Money,
    reservation::{MockSeatInventory, SeatSelection},
    waiting_room::{MockRoomMemory, Standing, TicketState},
};
use uuid::Uuid;

use super::*;
use crate::samples::{
    SCHEDULE, TICKET, USER, active, assert_refused, at, away, clock, key, name, numbers, ticket,
    tickets_without_a_turn,
};

const SOMEBODY: ReservationId = ReservationId(Uuid::from_u128(9));

fn request(seats: &[i64]) -> HoldRequest {
    let seats = SeatSelection::new(numbers(seats)).unwrap();
    HoldRequest { user: USER, ticket: TICKET, schedule: SCHEDULE, seats }
}

fn command(seats: &[i64], key: Option<IdempotencyKey>) -> HoldSeatsCommand {
    HoldSeatsCommand { request: request(seats), key }
}

fn seat(number: i64, occupancy: Occupancy) -> Seat {
    let number = numbers(&[number])[0];
    Seat {
        id: SeatId(Uuid::from_u128(u128::from(number.get()))),
        schedule: SCHEDULE,
        number,
        name: number.seat_name(),
        grade: name("Parquet"),
        price: Money::from_units(50),
        occupancy,
    }
}

/// On sale up to the thousandth second: 12 is free, 13 held until the hundredth, 14 sold.
fn schedule() -> (Schedule, Vec<Seat>) {
    let schedule = Schedule {
        id: SCHEDULE,
        concert: ConcertId(Uuid::from_u128(3)),
        starts_at: at(10_000),
        sales: SalesWindow::stored(at(0), at(1_000)),
        total_seats: 3,
    };
    let held = Occupancy::Held { by: SOMEBODY, until: at(100) };
    let sold = Occupancy::Sold { to: SOMEBODY };
    (schedule, vec![seat(12, Occupancy::Free), seat(13, held), seat(14, sold)])
}

fn seen() -> SeatsSeen {
    let (schedule, seats) = schedule();
    SeatsSeen { sales: schedule.sales, seats }
}

fn standing(ticket: Ticket) -> Standing {
    let nothing = chrono::Duration::zero();
    Standing {
        ticket,
        ahead: 0,
        there_ahead: 0,
        waiting: 0,
        admitted_lately: 0,
        claim: nothing,
        age: nothing,
    }
}

/// A memory that knows this of the caller's ticket.
fn knowing(known: Option<Ticket>, fresh: bool) -> MockRoomMemory {
    let mut memory = MockRoomMemory::new();
    memory.expect_is_fresh().return_const(fresh);
    memory.expect_place().returning(move |asked| {
        assert_eq!(asked, &ticket(TicketState::Waiting), "the ticket that is asked for");
        known.map(standing)
    });
    memory
}

/// An inventory that is asked once for the caller's key.
fn with_key(used: Result<bool, StorageError>) -> MockSeatInventory {
    let mut inventory = MockSeatInventory::new();
    inventory.expect_is_key_used().times(1).return_once(|user, asked| {
        assert_eq!((user, asked), (USER, &key()), "the key that is asked for");
        used
    });
    inventory
}

/// What comes of a wish at the fiftieth second.
async fn outcome(
    command: &HoldSeatsCommand,
    memory: MockRoomMemory,
    inventory: MockSeatInventory,
) -> Result<(), HoldSeatsError> {
    let (memory, inventory) = (Arc::new(memory), Arc::new(inventory));
    let refuse = RefuseLost::new(clock([at(50)]), Arc::new(MockCatalog::new()), memory, inventory);
    refuse.handle(&ticket(TicketState::Waiting), command, &seen()).await
}

/// A use case whose catalogue finds this, at the fiftieth second, once the room has been caught up with.
fn looking(found: Result<Option<(Schedule, Vec<Seat>)>, StorageError>, instants: usize) -> RefuseLost {
    let mut catalog = MockCatalog::new();
    catalog.expect_seats().times(1).return_once(|asked| {
        assert_eq!(asked, SCHEDULE, "the schedule that is looked at");
        found
    });
    let mut memory = MockRoomMemory::new();
    memory.expect_catch_up().times(1).return_const(());
    let inventory = Arc::new(MockSeatInventory::new());
    RefuseLost::new(clock(vec![at(50); instants]), Arc::new(catalog), Arc::new(memory), inventory)
}

#[tokio::test]
async fn who_wants_a_seat_that_is_taken_is_refused_with_the_names_of_those_that_are() {
    let refused =
        outcome(&command(&[12, 13, 14], None), knowing(Some(active()), true), MockSeatInventory::new()).await;
    match refused {
        Err(HoldSeatsError::Refused(HoldRefused::SeatTaken(taken))) => assert_eq!(taken, numbers(&[13, 14])),
        other => panic!("expected 13 and 14 to be taken, but it was {other:?}"),
    }
}

#[tokio::test]
async fn who_wants_a_free_seat_is_not_refused() {
    outcome(&command(&[12], None), MockRoomMemory::new(), MockSeatInventory::new()).await.unwrap();
}

#[tokio::test]
async fn who_is_not_known_to_have_the_turn_is_left_to_the_decision() {
    for (known, _) in tickets_without_a_turn() {
        let left = outcome(&command(&[13], None), knowing(known, true), MockSeatInventory::new()).await;
        assert!(left.is_ok(), "expected {known:?} to be left to the decision, but it was {left:?}");
    }
    outcome(&command(&[13], None), knowing(Some(active()), false), MockSeatInventory::new()).await.unwrap();
}

#[tokio::test]
async fn who_comes_again_with_a_key_that_is_used_gets_the_first_answer_and_no_refusal() {
    let again = command(&[13], Some(key()));
    outcome(&again, knowing(Some(active()), true), with_key(Ok(true))).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_not_used_does_not_keep_from_being_refused() {
    let refused =
        outcome(&command(&[13], Some(key())), knowing(Some(active()), true), with_key(Ok(false))).await;
    assert_refused!(refused, HoldSeatsError::Refused(HoldRefused::SeatTaken(_)));
}

#[tokio::test]
async fn a_store_that_can_not_tell_about_a_key_is_told() {
    let refused =
        outcome(&command(&[13], Some(key())), knowing(Some(active()), true), with_key(Err(away()))).await;
    assert_refused!(refused, HoldSeatsError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_look_sees_the_seats_and_the_room_as_they_are_by_then() {
    let looked = looking(Ok(Some(schedule())), 1).look(SCHEDULE).await.unwrap();
    assert_eq!(looked, Some(seen()));
}

#[tokio::test]
async fn a_look_at_what_is_not_there_or_at_a_store_that_is_away_tells_so() {
    assert_eq!(looking(Ok(None), 0).look(SCHEDULE).await.unwrap(), None);
    assert_refused!(looking(Err(away()), 0).look(SCHEDULE).await, StorageError::Unavailable(_));
}

#[tokio::test]
async fn a_look_is_worth_it_for_seats_that_were_taken_when_last_heard_of() {
    let refuse = looking(Ok(Some(schedule())), 1);
    assert!(!refuse.is_worth_a_look(&request(&[13])), "nothing was heard of it");
    refuse.note(&request(&[12, 13]), &Ok(()));
    assert!(refuse.is_worth_a_look(&request(&[11, 12])), "12 was held");
    refuse.look(SCHEDULE).await.unwrap();
    assert!(!refuse.is_worth_a_look(&request(&[12])), "12 was seen to be free");
    assert!(refuse.is_worth_a_look(&request(&[12, 14])), "14 was seen to be sold");
    let taken: Result<(), _> = Err(HoldRefused::SeatTaken(numbers(&[12])).into());
    refuse.note(&request(&[11, 12]), &taken);
    assert!(refuse.is_worth_a_look(&request(&[12])), "12 was told to be taken");
    assert!(!refuse.is_worth_a_look(&request(&[11])), "11 was not");
    let elsewhere = HoldRequest { schedule: ScheduleId(Uuid::from_u128(5)), ..request(&[12]) };
    assert!(!refuse.is_worth_a_look(&elsewhere), "nothing was heard of the other schedule");
}
