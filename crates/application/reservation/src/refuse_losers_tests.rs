use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::{
    catalog::{Occupancy, SalesWindow},
    idempotency::IdempotencyKey,
    ids::ReservationId,
    reservation::{MockSeatInventory, SeatSeen, SeatSelection},
    time::MockTimer,
    waiting_room::{MockRoomMemory, Standing, TicketState},
};
use uuid::Uuid;

use super::*;
use crate::samples::{
    SCHEDULE, SOMEBODY_ELSE, TICKET, USER, active, assert_refused, at, away, clock, key, numbers, ticket,
    tickets_without_a_turn, timer,
};

const SOMEBODY: ReservationId = ReservationId(Uuid::from_u128(9));

fn request(seats: &[i64]) -> HoldRequest {
    let seats = SeatSelection::new(numbers(seats)).unwrap();
    HoldRequest { user: USER, ticket: TICKET, schedule: SCHEDULE, seats }
}

fn command(seats: &[i64], key: Option<IdempotencyKey>) -> HoldSeatsCommand {
    HoldSeatsCommand { request: request(seats), key }
}

/// On sale up to the thousandth second: 12 is free, 13 held by another until the hundredth, 14 sold; the caller holds the
/// last three.
fn seen() -> SeatsSeen {
    let held = Occupancy::Held { by: SOMEBODY, until: at(100) };
    let seat = |number, occupancy, holder| SeatSeen { number: numbers(&[number])[0], occupancy, holder };
    let seats = vec![
        seat(12, Occupancy::Free, None),
        seat(13, held, Some(SOMEBODY_ELSE)),
        seat(14, Occupancy::Sold { to: SOMEBODY }, None),
        seat(15, held, Some(USER)),
        seat(16, held, Some(USER)),
        seat(17, held, Some(USER)),
    ];
    SeatsSeen { sales: SalesWindow::stored(at(0), at(1_000)), seats }
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

/// A memory that knows the first of these of the caller's ticket, and after a look the second.
fn knowing(before: Option<Ticket>, after: Option<Ticket>) -> MockRoomMemory {
    let mut memory = MockRoomMemory::new();
    memory.expect_is_fresh().return_const(true);
    let mut known = vec![after, before];
    memory.expect_place().returning(move |asked| {
        assert_eq!(asked, &ticket(TicketState::Waiting), "the ticket that is asked for");
        known.pop().expect("it is asked before and after the look").map(standing)
    });
    memory
}

fn in_turn() -> MockRoomMemory {
    knowing(Some(active()), Some(active()))
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

/// A use case that has heard that all seats from 12 to 17 are somebody's.
fn warned(memory: MockRoomMemory, inventory: MockSeatInventory, instants: usize) -> RefuseLosers {
    let (memory, inventory) = (Arc::new(memory), Arc::new(inventory));
    let clock = clock(vec![at(50); instants]);
    let refuse = RefuseLosers::new(clock, timer().0, memory, inventory, HoldPolicy::default());
    refuse.note(&request(&[12, 13, 14, 15, 16, 17]), &Ok(Answer::fresh(())));
    refuse
}

/// What comes of a wish for which somebody looks.
async fn outcome(
    command: &HoldSeatsCommand,
    memory: MockRoomMemory,
    inventory: MockSeatInventory,
) -> Result<(), HoldSeatsError> {
    let mut looked = 0;
    let look = async |schedule| {
        assert_eq!(schedule, SCHEDULE, "the schedule that is looked at");
        looked += 1;
        Some(Arc::new(seen()))
    };
    let refuse = warned(memory, inventory, 2);
    let outcome = refuse.handle(&ticket(TicketState::Waiting), command, look).await;
    assert_eq!(looked, 1, "expected one look");
    outcome
}

/// Asserts that nobody looks, and nobody is refused.
async fn assert_left_alone(refuse: &RefuseLosers, command: &HoldSeatsCommand) {
    let look = async |_| panic!("expected nobody to look");
    let left = refuse.handle(&ticket(TicketState::Waiting), command, look).await;
    assert!(left.is_ok(), "expected it to be left to the decision, but it was {left:?}");
}

#[tokio::test]
async fn who_wants_a_seat_that_is_taken_is_refused_with_the_numbers_of_those_that_are() {
    let refused = outcome(&command(&[13], None), in_turn(), MockSeatInventory::new()).await;
    match refused {
        Err(HoldSeatsError::Refused(HoldRefused::SeatTaken(taken))) => assert_eq!(taken, numbers(&[13])),
        other => panic!("expected 13 to be taken, but it was {other:?}"),
    }
}

#[tokio::test]
async fn who_holds_as_many_as_one_may_is_told_that_first() {
    let refused = outcome(&command(&[13, 14], None), in_turn(), MockSeatInventory::new()).await;
    assert_refused!(refused, HoldSeatsError::Refused(HoldRefused::SeatLimitReached { at_most: 4 }));
}

#[tokio::test]
async fn who_wants_a_seat_that_is_free_again_is_not_refused() {
    outcome(&command(&[12], None), in_turn(), MockSeatInventory::new()).await.unwrap();
}

#[tokio::test]
async fn for_whoever_is_refused_nothing_is_held() {
    let refuse = warned(in_turn(), MockSeatInventory::new(), 2);
    let look = async |_| Some(Arc::new(seen()));
    let hold = async |_| -> Result<Answer<()>, _> { panic!("expected nothing to be held") };
    let refused = refuse.or_hold(&ticket(TicketState::Waiting), command(&[13], None), look, hold).await;
    assert_refused!(refused, HoldSeatsError::Refused(HoldRefused::SeatTaken(_)));
}

#[tokio::test]
async fn at_seats_that_were_held_the_next_who_wants_them_looks() {
    let refuse = warned(in_turn(), MockSeatInventory::new(), 1);
    let (issued, nobody_looks) = (ticket(TicketState::Waiting), async |_| panic!("expected nobody to look"));
    let hold = async |_| Ok(Answer::fresh(()));
    refuse.or_hold(&issued, command(&[18], None), nobody_looks, hold).await.unwrap();
    let mut looked = 0;
    let look = async |_| {
        looked += 1;
        None
    };
    refuse.handle(&issued, &command(&[18], None), look).await.unwrap();
    assert_eq!(looked, 1, "expected one look");
}

#[tokio::test]
async fn nobody_looks_for_whoever_is_not_known_to_have_the_turn() {
    for (known, _) in tickets_without_a_turn() {
        let refuse = warned(knowing(known, None), MockSeatInventory::new(), 1);
        assert_left_alone(&refuse, &command(&[13], None)).await;
    }
}

#[tokio::test]
async fn nobody_looks_while_what_is_known_of_the_room_is_old() {
    let mut memory = MockRoomMemory::new();
    memory.expect_is_fresh().return_const(false);
    assert_left_alone(&warned(memory, MockSeatInventory::new(), 0), &command(&[13], None)).await;
}

#[tokio::test]
async fn nobody_looks_for_seats_of_which_nothing_was_heard() {
    let refuse = warned(MockRoomMemory::new(), MockSeatInventory::new(), 0);
    assert_left_alone(&refuse, &command(&[18], None)).await;
}

#[tokio::test]
async fn whose_turn_turns_out_to_be_over_is_left_to_the_decision() {
    for (known, _) in tickets_without_a_turn() {
        let memory = knowing(Some(active()), known);
        outcome(&command(&[13], None), memory, MockSeatInventory::new()).await.unwrap();
    }
}

#[tokio::test]
async fn a_look_that_fails_refuses_nobody() {
    let refuse = warned(in_turn(), MockSeatInventory::new(), 1);
    let failed = async |_| None;
    refuse.handle(&ticket(TicketState::Waiting), &command(&[13], None), failed).await.unwrap();
}

#[tokio::test]
async fn who_comes_again_with_a_key_that_is_used_gets_the_first_answer_and_no_refusal() {
    outcome(&command(&[13], Some(key())), in_turn(), with_key(Ok(true))).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_not_used_does_not_keep_from_being_refused() {
    let refused = outcome(&command(&[13], Some(key())), in_turn(), with_key(Ok(false))).await;
    assert_refused!(refused, HoldSeatsError::Refused(HoldRefused::SeatTaken(_)));
}

#[tokio::test]
async fn a_store_that_can_not_tell_about_a_key_is_told() {
    let refused = outcome(&command(&[13], Some(key())), in_turn(), with_key(Err(away()))).await;
    assert_refused!(refused, HoldSeatsError::Storage(StorageError::Unavailable(_)));
}

/// A use case whose inventory shows this, and whose memory does or does not learn what has changed in the room.
fn looking(
    shown: Result<Option<SeatsSeen>, StorageError>,
    catches_up: bool,
    instants: usize,
) -> RefuseLosers {
    let mut inventory = MockSeatInventory::new();
    inventory.expect_see_seats().times(1).return_once(|asked| {
        assert_eq!(asked, SCHEDULE, "the schedule that is looked at");
        shown
    });
    let mut memory = MockRoomMemory::new();
    memory.expect_catch_up().times(1).return_const(catches_up);
    memory.expect_is_fresh().return_const(true);
    memory.expect_place().returning(|_| Some(standing(active())));
    let clock = clock(vec![at(50); instants]);
    RefuseLosers::new(clock, timer().0, Arc::new(memory), Arc::new(inventory), HoldPolicy::default())
}

#[tokio::test]
async fn a_look_sees_the_seats_once_what_has_changed_in_the_room_is_known() {
    let looked = looking(Ok(Some(seen())), true, 1).look(SCHEDULE).await.unwrap();
    assert_eq!(looked.as_deref(), Some(&seen()));
    assert_eq!(looking(Ok(Some(seen())), false, 0).look(SCHEDULE).await.unwrap(), None);
}

#[tokio::test]
async fn a_look_at_what_is_not_there_or_at_a_store_that_is_away_tells_so() {
    assert_eq!(looking(Ok(None), true, 0).look(SCHEDULE).await.unwrap(), None);
    assert_refused!(looking(Err(away()), true, 0).look(SCHEDULE).await, StorageError::Unavailable(_));
}

#[tokio::test]
async fn what_is_heard_of_seats_says_who_looks() {
    let refuse = looking(Ok(Some(seen())), true, 4);
    let looks = async |seats: &[i64]| {
        let mut looked = false;
        let look = async |_| {
            looked = true;
            None
        };
        refuse.handle(&ticket(TicketState::Waiting), &command(seats, None), look).await.unwrap();
        looked
    };
    assert!(!looks(&[13]).await, "nothing was heard of it");
    refuse.note(&request(&[12, 13]), &Ok(Answer::fresh(())));
    assert!(looks(&[11, 12]).await, "12 was held");
    refuse.look(SCHEDULE).await.unwrap();
    assert!(!looks(&[12]).await, "12 was seen to be free");
    assert!(looks(&[12, 14]).await, "14 was seen to be sold");
    let taken: Result<Answer<()>, _> = Err(HoldRefused::SeatTaken(numbers(&[12])).into());
    refuse.note(&request(&[11, 12]), &taken);
    assert!(looks(&[12]).await, "12 was told to be taken");
    assert!(!looks(&[11]).await, "11 was not");
}

/// A use case that has looked just now, and is asked once after it.
async fn having_looked() -> RefuseLosers {
    let refuse = looking(Ok(Some(seen())), true, 2);
    refuse.look(SCHEDULE).await.unwrap();
    refuse
}

/// What comes of a wish, and whether somebody looked for it, in vain.
async fn outcome_and_looked(
    refuse: &RefuseLosers,
    command: &HoldSeatsCommand,
) -> (Result<(), HoldSeatsError>, bool) {
    let mut looked = false;
    let look = async |_| {
        looked = true;
        None
    };
    let outcome = refuse.handle(&ticket(TicketState::Waiting), command, look).await;
    (outcome, looked)
}

#[tokio::test]
async fn who_asks_after_a_look_is_refused_by_it_while_it_lasts() {
    let refuse = having_looked().await;
    let (refused, looked) = outcome_and_looked(&refuse, &command(&[13], None)).await;
    assert_refused!(&refused, HoldSeatsError::Refused(HoldRefused::SeatTaken(_)));
    assert!(!looked, "expected nobody to look again");
}

#[tokio::test]
async fn who_asks_after_a_look_is_refused_by_it_for_no_other_reason_than_a_seat_that_is_taken() {
    let refuse = having_looked().await;
    let (left, looked) = outcome_and_looked(&refuse, &command(&[13, 14], None)).await;
    assert!(left.is_ok() && looked, "expected a look, since a limit may not be reached any more: {left:?}");
}

#[tokio::test]
async fn a_look_lasts_from_before_anything_was_read() {
    let passed = Arc::new(AtomicU64::new(0));
    let (mut timer, mut inventory) = (MockTimer::new(), MockSeatInventory::new());
    let time = Arc::clone(&passed);
    timer.expect_elapsed().returning(move || Duration::from_millis(time.load(Ordering::SeqCst)));
    let time = Arc::clone(&passed);
    inventory.expect_see_seats().returning(move |_| {
        time.store(15, Ordering::SeqCst);
        Ok(Some(seen()))
    });
    let mut memory = MockRoomMemory::new();
    memory.expect_catch_up().return_const(true);
    memory.expect_is_fresh().return_const(true);
    memory.expect_place().returning(|_| Some(standing(active())));
    let clock = clock(vec![at(50); 2]);
    let (memory, inventory) = (Arc::new(memory), Arc::new(inventory));
    let refuse = RefuseLosers::new(clock, Arc::new(timer), memory, inventory, HoldPolicy::default());
    refuse.look(SCHEDULE).await.unwrap();
    passed.store(21, Ordering::SeqCst);
    let (left, looked) = outcome_and_looked(&refuse, &command(&[13], None)).await;
    assert!(left.is_ok() && looked, "expected a look, 21 ms after the last one began: {left:?}");
}

#[tokio::test]
async fn what_this_instance_has_held_since_is_not_missed() {
    let refuse = having_looked().await;
    refuse.note(&request(&[12]), &Ok(Answer::replayed(())));
    let (refused, looked) = outcome_and_looked(&refuse, &command(&[13], None)).await;
    assert!(refused.is_err() && !looked, "expected the look to last when an answer is only repeated");

    let refuse = having_looked().await;
    refuse.note(&request(&[12]), &Ok(Answer::fresh(())));
    let (left, looked) = outcome_and_looked(&refuse, &command(&[13], None)).await;
    assert!(left.is_ok() && looked, "expected a look that shows 12 as taken, too: {left:?}");
}

#[tokio::test]
async fn who_comes_again_with_a_key_that_is_used_is_not_refused_by_an_earlier_look() {
    let mut inventory = with_key(Ok(true));
    inventory.expect_see_seats().times(1).return_once(|_| Ok(Some(seen())));
    let mut memory = MockRoomMemory::new();
    memory.expect_catch_up().return_const(true);
    memory.expect_is_fresh().return_const(true);
    memory.expect_place().returning(|_| Some(standing(active())));
    let refuse = warned(memory, inventory, 2);
    refuse.look(SCHEDULE).await.unwrap();
    let (left, looked) = outcome_and_looked(&refuse, &command(&[13], Some(key()))).await;
    assert!(left.is_ok() && !looked, "expected it to be left to the decision: {left:?}");
}
