use std::sync::Mutex;

use domain::{
    commit::DECIDES_AGAIN_AT_MOST,
    money::Money,
    payment::{MockPayments, Payment, PaymentFacts, PaymentStatus},
    reservation::ReservationStatus,
    waiting_room::{MockRoomMemory, MockWaitingRoom, Ticket},
};
use uuid::Uuid;

use super::*;
use crate::samples::{
    PAYMENT, RESERVATION, TICKET, USER, active, assert_refused, at, away, clock, ids, key, payment,
    reservation, tickets_without_a_turn, timer,
};

type Paid = Result<Answer<Receipt>, PayReservationError>;

const REQUEST: PaymentRequest =
    PaymentRequest { user: USER, ticket: TICKET, reservation: RESERVATION, expected_amount: None };

/// It is the caller's turn, the hold counts, and the wallet holds just enough.
fn facts() -> PaymentFacts {
    PaymentFacts {
        ticket: Some(active()),
        recorded: None,
        reservation: Some(reservation(ReservationStatus::Reserved)),
        balance: Money::from_units(100),
    }
}

fn in_status(status: ReservationStatus) -> PaymentFacts {
    PaymentFacts { reservation: Some(reservation(status)), ..facts() }
}

/// The key has been used for this very payment, and the ticket is as it may be.
fn recorded(ticket: Option<Ticket>) -> PaymentFacts {
    let recorded = IdempotencyRecord { fingerprint: REQUEST.fingerprint(), result: PAYMENT.0 };
    PaymentFacts { recorded: Some(recorded), ticket, ..facts() }
}

fn settlement(keyed: Option<KeyedRequest>) -> Settlement {
    let entry = TransactionId(Uuid::from_u128(101));
    Settlement { ticket: TICKET, payment: payment(), seats: 2, entry, keyed }
}

/// What the store told to be left.
const LEFT: Money = Money::from_units(7);

fn receipt() -> Receipt {
    Receipt { payment: payment(), balance_after: LEFT }
}

/// What the store and the room do, call by call, and at which second each attempt is made. Both are asked
/// exactly as often as is written here.
struct Script {
    request: PaymentRequest,
    loads: Vec<(i64, Result<PaymentFacts, StorageError>)>,
    commits: Vec<Result<Commit<Money>, StorageError>>,
    receipts: Vec<Result<Option<Receipt>, StorageError>>,
    admits: Vec<Result<u64, StorageError>>,
}

impl Default for Script {
    fn default() -> Self {
        Self { request: REQUEST, loads: vec![], commits: vec![], receipts: vec![], admits: vec![] }
    }
}

impl Script {
    fn load(facts: PaymentFacts) -> Self {
        Self { loads: vec![(10, Ok(facts))], ..Self::default() }
    }

    /// Pays, and tells the answer and everything that was to be committed.
    async fn play(self, key: Option<IdempotencyKey>) -> (Paid, Vec<Settlement>) {
        let Self { request, loads, commits, receipts, admits } = self;
        let clock = clock(loads.iter().map(|(second, _)| at(*second)).collect::<Vec<_>>());
        let mut payments = MockPayments::new();
        let (times, mut loads, expected) = (loads.len(), loads.into_iter(), key.clone());
        payments.expect_load_for_payment().times(times).returning(move |asked, key| {
            assert_eq!((asked, &key), (&request, &expected), "what is loaded");
            loads.next().unwrap().1
        });
        let committed = Arc::<Mutex<Vec<Settlement>>>::default();
        let (times, mut commits, noted) = (commits.len(), commits.into_iter(), Arc::clone(&committed));
        let (passing, waited) = timer();
        let waited_before = Arc::clone(&waited);
        payments.expect_commit_payment().times(times).returning(move |settlement| {
            assert!(waited_before.lock().unwrap().is_empty(), "expected to wait once it is committed");
            noted.lock().unwrap().push(settlement.clone());
            commits.next().unwrap()
        });
        let (times, mut receipts) = (receipts.len(), receipts.into_iter());
        payments.expect_receipt().times(times).returning(move |user, id| {
            assert_eq!((user, id), (USER, PAYMENT), "which receipt is looked up");
            receipts.next().unwrap()
        });
        let (mut room, mut memory) = (MockWaitingRoom::new(), MockRoomMemory::new());
        let (times, mut admits) = (admits.len(), admits.into_iter());
        memory.expect_catch_up().times(times).return_const(true);
        room.expect_admit().times(times).returning(move || admits.next().unwrap());
        let pay =
            PayReservation::new(clock, passing, ids(), Arc::new(payments), Arc::new(room), Arc::new(memory));
        let answer = pay.handle(PayReservationCommand { request, key }).await;
        let waits = match &answer {
            Ok(_) | Err(PayReservationError::Refused(PaymentRefused::AlreadyPaid)) => {
                vec![GIVEN_BACK_TOLD_AFTER]
            }
            Err(_) => vec![],
        };
        assert_eq!(*waited.lock().unwrap(), waits, "what is waited for before {answer:?} is told");
        let committed = committed.lock().unwrap().clone();
        (answer, committed)
    }
}

fn succeeding() -> Script {
    Script { commits: vec![Ok(Commit::Committed(LEFT))], admits: vec![Ok(1)], ..Script::load(facts()) }
}

async fn assert_refused_by_a_rule(script: Script, expected: PaymentRefused) {
    let (refused, _) = script.play(None).await;
    assert!(
        matches!(refused, Err(PayReservationError::Refused(reason)) if reason == expected),
        "expected {expected:?}, but it was {refused:?}"
    );
}

#[tokio::test]
async fn a_hold_is_paid_and_the_next_is_admitted() {
    let (answer, committed) = succeeding().play(None).await;
    assert_eq!(committed, [settlement(None)], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(receipt()));
}

#[tokio::test]
async fn the_key_and_what_was_asked_under_it_are_stored_with_the_payment() {
    let (answer, committed) = succeeding().play(Some(key())).await;
    let fingerprint = Fingerprint("reservation=00000000-0000-0000-0000-000000000005".to_owned());
    assert_eq!(committed, [settlement(Some(KeyedRequest { key: key(), fingerprint }))], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(receipt()));
}

#[tokio::test]
async fn the_amount_that_is_expected_is_part_of_what_was_asked() {
    let request = PaymentRequest { expected_amount: Some(Money::from_units(100)), ..REQUEST };
    let (answer, committed) = Script { request, ..succeeding() }.play(Some(key())).await;
    let fingerprint = Fingerprint("reservation=00000000-0000-0000-0000-000000000005 amount=100".to_owned());
    assert_eq!(committed, [settlement(Some(KeyedRequest { key: key(), fingerprint }))], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(receipt()));
}

#[tokio::test]
async fn a_payment_was_made_even_if_the_next_could_not_be_admitted() {
    let (answer, _) = Script { admits: vec![Err(away())], ..succeeding() }.play(None).await;
    assert_eq!(answer.unwrap(), Answer::fresh(receipt()));
}

#[tokio::test]
async fn nobody_pays_whose_turn_it_is_not() {
    for (ticket, expected) in tickets_without_a_turn() {
        let loads = vec![(50, Ok(PaymentFacts { ticket, ..facts() }))];
        let (refused, _) = Script { loads, ..Script::default() }.play(Some(key())).await;
        assert!(
            matches!(&refused, Err(PayReservationError::NoTurn(reason)) if *reason == expected),
            "expected {expected:?}, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_reservation_can_not_be_paid() {
    let facts = PaymentFacts { reservation: None, ..facts() };
    assert_refused_by_a_rule(Script::load(facts), PaymentRefused::ReservationNotFound).await;
}

#[tokio::test]
async fn a_hold_that_costs_something_else_than_expected_is_not_paid() {
    let request = PaymentRequest { expected_amount: Some(Money::from_units(99)), ..REQUEST };
    let expected = PaymentRefused::AmountMismatch { total_price: Money::from_units(100) };
    assert_refused_by_a_rule(Script { request, ..Script::load(facts()) }, expected).await;
}

#[tokio::test]
async fn a_paid_reservation_can_not_be_paid_again() {
    assert_refused_by_a_rule(Script::load(in_status(ReservationStatus::Paid)), PaymentRefused::AlreadyPaid)
        .await;
}

#[tokio::test]
async fn a_cancelled_reservation_can_not_be_paid() {
    let script = Script::load(in_status(ReservationStatus::Cancelled));
    assert_refused_by_a_rule(script, PaymentRefused::NotPayable).await;
}

#[tokio::test]
async fn a_run_out_hold_can_not_be_paid() {
    let loads = vec![(310, Ok(facts()))];
    assert_refused_by_a_rule(Script { loads, ..Script::default() }, PaymentRefused::HoldExpired).await;
    let noted = Script::load(in_status(ReservationStatus::Expired));
    assert_refused_by_a_rule(noted, PaymentRefused::HoldExpired).await;
}

#[tokio::test]
async fn a_hold_that_costs_more_than_the_balance_is_not_paid() {
    let balance = Money::from_minor(9_999);
    let total_price = Money::from_units(100);
    let expected = PaymentRefused::InsufficientBalance { balance, total_price };
    assert_refused_by_a_rule(Script::load(PaymentFacts { balance, ..facts() }), expected).await;
}

#[tokio::test]
async fn a_hold_that_ran_out_in_the_meantime_is_refused_as_expired() {
    let loads = vec![(309, Ok(facts())), (310, Ok(facts()))];
    let script = Script { loads, commits: vec![Ok(Commit::Stale)], ..Script::default() };
    assert_refused_by_a_rule(script, PaymentRefused::HoldExpired).await;
}

#[tokio::test]
async fn a_hold_that_was_paid_in_the_meantime_is_refused_as_paid() {
    let loads = vec![(10, Ok(facts())), (11, Ok(in_status(ReservationStatus::Paid)))];
    let script = Script { loads, commits: vec![Ok(Commit::Stale)], ..Script::default() };
    assert_refused_by_a_rule(script, PaymentRefused::AlreadyPaid).await;
}

#[tokio::test]
async fn a_stale_decision_is_made_again_from_what_is_true_by_then() {
    let loads = vec![(10, Ok(facts())), (20, Ok(facts()))];
    let commits = vec![Ok(Commit::Stale), Ok(Commit::Committed(LEFT))];
    let (answer, committed) =
        Script { loads, commits, admits: vec![Ok(1)], ..Script::default() }.play(None).await;
    let again = Payment { id: PaymentId(Uuid::from_u128(102)), paid_at: at(20), ..payment() };
    let entry = TransactionId(Uuid::from_u128(103));
    let second = Settlement { payment: again.clone(), entry, ..settlement(None) };
    assert_eq!(committed, [settlement(None), second], "what is committed, attempt by attempt");
    assert_eq!(answer.unwrap(), Answer::fresh(Receipt { payment: again, balance_after: LEFT }));
}

#[tokio::test]
async fn who_is_overtaken_every_time_is_told_to_try_later() {
    let attempts = 1 + DECIDES_AGAIN_AT_MOST;
    let (loads, commits) = (vec![(10, Ok(facts())); attempts], vec![Ok(Commit::Stale); attempts]);
    let (refused, _) = Script { loads, commits, ..Script::default() }.play(None).await;
    assert_refused!(refused, PayReservationError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn the_same_key_gives_the_first_answer_again_whatever_has_become_of_ticket_and_payment() {
    let (first, _) = succeeding().play(Some(key())).await;
    let first = first.unwrap().value;
    let tickets = tickets_without_a_turn().into_iter().map(|(ticket, _)| ticket);
    for ticket in tickets.chain([Some(active())]) {
        for status in [PaymentStatus::Paid, PaymentStatus::Refunded] {
            let now = Receipt { payment: Payment { status, ..payment() }, ..first.clone() };
            let script = Script { receipts: vec![Ok(Some(now))], ..Script::load(recorded(ticket)) };
            let (again, _) = script.play(Some(key())).await;
            assert_eq!(again.unwrap(), Answer::replayed(first.clone()), "{ticket:?}, {status:?}");
        }
    }
}

#[tokio::test]
async fn the_slower_of_two_with_the_same_key_gets_the_answer_of_the_faster() {
    let loads = vec![(10, Ok(facts())), (11, Ok(recorded(None)))];
    let receipts = vec![Ok(Some(receipt()))];
    let script = Script { loads, commits: vec![Ok(Commit::Stale)], receipts, ..Script::default() };
    let (answer, _) = script.play(Some(key())).await;
    assert_eq!(answer.unwrap(), Answer::replayed(receipt()));
}

#[tokio::test]
async fn a_key_that_was_used_for_another_payment_is_refused_even_without_a_turn() {
    for ticket in [Some(active()), None] {
        let mut facts = recorded(ticket);
        facts.recorded.as_mut().unwrap().fingerprint = Fingerprint("reservation=6".to_owned());
        let (refused, _) = Script::load(facts).play(Some(key())).await;
        assert_refused!(refused, PayReservationError::KeyReused(KeyReused));
    }
}

#[tokio::test]
async fn a_key_whose_payment_is_missing_is_a_fault_of_ours() {
    let script = Script { receipts: vec![Ok(None)], ..Script::load(recorded(Some(active()))) };
    let (refused, _) = script.play(Some(key())).await;
    assert_refused!(refused, PayReservationError::Storage(StorageError::Unexpected(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_wherever_it_is_asked() {
    let at_load = Script { loads: vec![(10, Err(away()))], ..Script::default() };
    let at_commit = Script { commits: vec![Err(away())], ..Script::load(facts()) };
    let at_replay = Script { receipts: vec![Err(away())], ..Script::load(recorded(None)) };
    for script in [at_load, at_commit, at_replay] {
        let (refused, _) = script.play(Some(key())).await;
        assert_refused!(refused, PayReservationError::Storage(StorageError::Unavailable(_)));
    }
}
