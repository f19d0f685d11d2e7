use std::sync::Mutex;

use chrono::Duration;
use domain::{
    catalog::{Occupancy, SalesWindow, Seat},
    commit::DECIDES_AGAIN_AT_MOST,
    ids::SeatId,
    money::Money,
    reservation::{
        HoldFacts, HoldsSoFar, MockReservations, MockSeatInventory, ReservationStatus, SeatSelection,
    },
    waiting_room::Ticket,
};
use uuid::Uuid;

use super::*;
use crate::samples::{
    RESERVATION, SCHEDULE, TICKET, USER, active, assert_refused, at, away, clock, ids, key, name, numbers,
    reservation, show, tickets_without_a_turn,
};

type Held = Result<Answer<Reservation>, HoldSeatsError>;

fn request() -> HoldRequest {
    let seats = SeatSelection::new(numbers(&[12, 13])).unwrap();
    HoldRequest { user: USER, ticket: TICKET, schedule: SCHEDULE, seats }
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

/// It is the caller's turn, and both seats are free and on sale.
fn facts() -> HoldFacts {
    HoldFacts {
        ticket: Some(active()),
        recorded: None,
        show: Some((show(), SalesWindow::stored(at(0), at(1_000)))),
        seats: vec![seat(12, Occupancy::Free), seat(13, Occupancy::Free)],
        holds: HoldsSoFar { seats_held: 0, holds_made: 7 },
    }
}

/// Somebody has held seat 13 in the meantime.
fn overtaken() -> HoldFacts {
    let theirs = Occupancy::Held { by: ReservationId(Uuid::from_u128(9)), until: at(500) };
    HoldFacts { seats: vec![seat(12, Occupancy::Free), seat(13, theirs)], ..facts() }
}

/// The key has been used for these very seats, and the ticket is as it may be.
fn recorded(ticket: Option<Ticket>) -> HoldFacts {
    let recorded = IdempotencyRecord { fingerprint: request().fingerprint(), result: RESERVATION.0 };
    HoldFacts { recorded: Some(recorded), ticket, ..facts() }
}

fn keyed() -> KeyedRequest {
    let fingerprint = Fingerprint("schedule=00000000-0000-0000-0000-000000000004 seats=12,13".to_owned());
    KeyedRequest { key: key(), fingerprint }
}

fn decision(keyed: Option<KeyedRequest>) -> SeatsHeld {
    SeatsHeld { ticket: TICKET, reservation: reservation(), holds_made: 7, keyed }
}

/// What the store does, call by call, and at which second each attempt is made. Every port is called exactly
/// as often as is written here.
#[derive(Default)]
struct Script {
    loads: Vec<(i64, Result<HoldFacts, StorageError>)>,
    commits: Vec<Result<Commit<()>, StorageError>>,
    finds: Vec<Result<Option<Reservation>, StorageError>>,
}

impl Script {
    fn load(facts: HoldFacts) -> Self {
        Self { loads: vec![(10, Ok(facts))], ..Self::default() }
    }

    fn inventory(
        &mut self,
        key: Option<IdempotencyKey>,
        committed: Arc<Mutex<Vec<SeatsHeld>>>,
    ) -> MockSeatInventory {
        let mut inventory = MockSeatInventory::new();
        let times = self.loads.len();
        let mut loads = std::mem::take(&mut self.loads).into_iter();
        inventory.expect_load_for_hold().times(times).returning(move |asked, with, now| {
            let (second, facts) = loads.next().unwrap();
            assert_eq!((asked, with, now), (&request(), key.clone(), at(second)), "what is loaded, and when");
            facts
        });
        let times = self.commits.len();
        let mut commits = std::mem::take(&mut self.commits).into_iter();
        inventory.expect_commit_hold().times(times).returning(move |held| {
            committed.lock().unwrap().push(held.clone());
            commits.next().unwrap()
        });
        inventory
    }

    fn reservations(&mut self) -> MockReservations {
        let mut reservations = MockReservations::new();
        let times = self.finds.len();
        let mut finds = std::mem::take(&mut self.finds).into_iter();
        reservations.expect_find().times(times).returning(move |user, id| {
            assert_eq!((user, id), (USER, RESERVATION), "which reservation is looked up");
            finds.next().unwrap()
        });
        reservations
    }

    /// Holds the seats, and tells the answer and everything that was to be committed.
    async fn play(mut self, key: Option<IdempotencyKey>) -> (Held, Vec<SeatsHeld>) {
        let committed = Arc::<Mutex<Vec<SeatsHeld>>>::default();
        let clock = clock(self.loads.iter().map(|(second, _)| at(*second)).collect::<Vec<_>>());
        let inventory = Arc::new(self.inventory(key.clone(), Arc::clone(&committed)));
        let reservations = Arc::new(self.reservations());
        let hold = HoldSeats::new(clock, ids(), inventory, reservations, HoldPolicy::default());
        let answer = hold.handle(HoldSeatsCommand { request: request(), key }).await;
        let committed = committed.lock().unwrap().clone();
        (answer, committed)
    }
}

fn succeeding() -> Script {
    Script { commits: vec![Ok(Commit::Committed(()))], ..Script::load(facts()) }
}

async fn assert_refused_by_a_rule(facts: HoldFacts, expected: HoldRefused) {
    let (refused, _) = Script::load(facts).play(None).await;
    assert!(
        matches!(&refused, Err(HoldSeatsError::Refused(reason)) if *reason == expected),
        "expected {expected:?}, but it was {refused:?}"
    );
}

#[tokio::test]
async fn free_seats_are_held_for_the_hold_time() {
    let (answer, committed) = succeeding().play(None).await;
    assert_eq!(committed, [decision(None)], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(reservation()));
}

#[tokio::test]
async fn the_key_and_what_was_asked_under_it_are_stored_with_the_hold() {
    let (answer, committed) = succeeding().play(Some(key())).await;
    assert_eq!(committed, [decision(Some(keyed()))], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(reservation()));
}

#[tokio::test]
async fn nobody_holds_seats_whose_turn_it_is_not() {
    for (ticket, expected) in tickets_without_a_turn() {
        let loads = vec![(50, Ok(HoldFacts { ticket, ..facts() }))];
        let (refused, _) = Script { loads, ..Script::default() }.play(Some(key())).await;
        assert!(
            matches!(&refused, Err(HoldSeatsError::NoTurn(reason)) if *reason == expected),
            "expected {expected:?}, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn seats_of_an_unknown_schedule_are_not_held() {
    assert_refused_by_a_rule(HoldFacts { show: None, ..facts() }, HoldRefused::ScheduleNotFound).await;
}

#[tokio::test]
async fn a_seat_that_the_schedule_does_not_have_is_not_held_nor_any_other_with_it() {
    let facts = HoldFacts { seats: vec![seat(12, Occupancy::Free)], ..facts() };
    assert_refused_by_a_rule(facts, HoldRefused::SeatNotFound(numbers(&[13]))).await;
}

#[tokio::test]
async fn more_seats_than_the_policy_allows_are_not_held() {
    let facts = HoldFacts { holds: HoldsSoFar { seats_held: 3, holds_made: 7 }, ..facts() };
    assert_refused_by_a_rule(facts, HoldRefused::SeatLimitReached { at_most: 4 }).await;
}

#[tokio::test]
async fn seats_that_are_not_on_sale_are_not_held() {
    let facts = HoldFacts { show: Some((show(), SalesWindow::stored(at(11), at(100)))), ..facts() };
    assert_refused_by_a_rule(facts, HoldRefused::ScheduleClosed).await;
}

#[tokio::test]
async fn a_seat_held_by_somebody_else_is_not_held_nor_any_other_with_it() {
    assert_refused_by_a_rule(overtaken(), HoldRefused::SeatTaken(numbers(&[13]))).await;
}

#[tokio::test]
async fn who_is_overtaken_is_told_which_seats_are_taken() {
    let loads = vec![(10, Ok(facts())), (11, Ok(overtaken()))];
    let (refused, committed) =
        Script { loads, commits: vec![Ok(Commit::Stale)], ..Script::default() }.play(None).await;
    let expected = HoldRefused::SeatTaken(numbers(&[13]));
    assert!(
        matches!(&refused, Err(HoldSeatsError::Refused(reason)) if *reason == expected),
        "expected {expected:?}, but it was {refused:?}"
    );
    assert_eq!(committed, [decision(None)], "only the first attempt may reach the commit");
}

#[tokio::test]
async fn a_stale_decision_is_made_again_from_what_is_true_by_then() {
    let loads = vec![
        (10, Ok(facts())),
        (20, Ok(HoldFacts { holds: HoldsSoFar { seats_held: 0, holds_made: 8 }, ..facts() })),
    ];
    let commits = vec![Ok(Commit::Stale), Ok(Commit::Committed(()))];
    let (answer, committed) = Script { loads, commits, ..Script::default() }.play(None).await;
    let again = Reservation {
        id: ReservationId(Uuid::from_u128(101)),
        reserved_at: at(20),
        expires_at: at(20) + Duration::minutes(5),
        ..reservation()
    };
    let second = SeatsHeld { reservation: again.clone(), holds_made: 8, ..decision(None) };
    assert_eq!(committed, [decision(None), second], "what is committed, attempt by attempt");
    assert_eq!(answer.unwrap(), Answer::fresh(again));
}

#[tokio::test]
async fn who_is_overtaken_every_time_is_told_to_try_later() {
    let attempts = 1 + DECIDES_AGAIN_AT_MOST;
    let loads = vec![(10, Ok(facts())); attempts];
    let commits = vec![Ok(Commit::Stale); attempts];
    let (refused, _) = Script { loads, commits, ..Script::default() }.play(None).await;
    assert_refused!(refused, HoldSeatsError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn the_same_key_gives_the_first_answer_again_whatever_has_become_of_ticket_and_hold() {
    let (first, _) = succeeding().play(Some(key())).await;
    let first = first.unwrap().value;
    let tickets = tickets_without_a_turn().into_iter().map(|(ticket, _)| ticket);
    for ticket in tickets.chain([Some(active())]) {
        for status in [ReservationStatus::Reserved, ReservationStatus::Paid, ReservationStatus::Cancelled] {
            let now = Reservation { status, ..first.clone() };
            let script = Script { finds: vec![Ok(Some(now))], ..Script::load(recorded(ticket)) };
            let (again, _) = script.play(Some(key())).await;
            assert_eq!(again.unwrap(), Answer::replayed(first.clone()), "{ticket:?}, {status:?}");
        }
    }
}

#[tokio::test]
async fn the_slower_of_two_with_the_same_key_gets_the_answer_of_the_faster() {
    let loads = vec![(10, Ok(facts())), (11, Ok(recorded(Some(active()))))];
    let finds = vec![Ok(Some(reservation()))];
    let (answer, _) = Script { loads, commits: vec![Ok(Commit::Stale)], finds }.play(Some(key())).await;
    assert_eq!(answer.unwrap(), Answer::replayed(reservation()));
}

#[tokio::test]
async fn a_key_that_was_used_for_other_seats_is_refused_even_without_a_turn() {
    for ticket in [Some(active()), None] {
        let mut facts = recorded(ticket);
        facts.recorded.as_mut().unwrap().fingerprint = Fingerprint("schedule=4 seats=12".to_owned());
        let (refused, _) = Script::load(facts).play(Some(key())).await;
        assert_refused!(refused, HoldSeatsError::KeyReused(KeyReused));
    }
}

#[tokio::test]
async fn a_key_whose_reservation_is_missing_is_a_fault_of_ours() {
    let script = Script { finds: vec![Ok(None)], ..Script::load(recorded(Some(active()))) };
    let (refused, _) = script.play(Some(key())).await;
    assert_refused!(refused, HoldSeatsError::Storage(StorageError::Unexpected(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_wherever_it_is_asked() {
    let at_load = Script { loads: vec![(10, Err(away()))], ..Script::default() };
    let at_commit = Script { commits: vec![Err(away())], ..Script::load(facts()) };
    let at_replay = Script { finds: vec![Err(away())], ..Script::load(recorded(None)) };
    for script in [at_load, at_commit, at_replay] {
        let (refused, _) = script.play(Some(key())).await;
        assert_refused!(refused, HoldSeatsError::Storage(StorageError::Unavailable(_)));
    }
}
