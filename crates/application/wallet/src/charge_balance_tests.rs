use std::sync::Mutex;

use domain::{
    commit::DECIDES_AGAIN_AT_MOST,
    money::Money,
    waiting_room::Ticket,
    wallet::{ChargeFacts, MockWallets},
};
use uuid::Uuid;

use super::*;
use crate::samples::{
    SOMEBODY_ELSE, TICKET, USER, active, assert_refused, at, away, clock, entry, ids, key,
    tickets_without_a_turn,
};

type Charged = Result<Answer<LedgerEntry>, ChargeBalanceError>;

/// At most 50 at once, and at most 100 in all.
const POLICY: ChargePolicy =
    ChargePolicy { charge_at_most: Money::from_units(50), balance_at_most: Money::from_units(100) };
const REQUEST: ChargeRequest = ChargeRequest { user: USER, ticket: TICKET, amount: Money::from_units(30) };

/// It is the caller's turn, and the wallet holds 5.
fn facts() -> ChargeFacts {
    ChargeFacts { ticket: Some(active()), recorded: None, balance: Money::from_units(5) }
}

/// The key has been used for this very amount, and the ticket is as it may be.
fn recorded(ticket: Option<Ticket>) -> ChargeFacts {
    let recorded = IdempotencyRecord { fingerprint: REQUEST.fingerprint(), result: entry().id.0 };
    ChargeFacts { recorded: Some(recorded), ticket, ..facts() }
}

fn decision(keyed: Option<KeyedRequest>) -> BalanceCharged {
    BalanceCharged {
        ticket: TICKET,
        user: USER,
        entry: entry().id,
        amount: Money::from_units(30),
        balance_at_most: Money::from_units(70),
        at: at(10),
        keyed,
    }
}

/// What the store does, call by call, and at which second each attempt is made. The store is asked exactly as
/// often as is written here.
struct Script {
    request: ChargeRequest,
    loads: Vec<(i64, Result<ChargeFacts, StorageError>)>,
    commits: Vec<Result<Commit<LedgerEntry>, StorageError>>,
    entries: Vec<Result<Option<LedgerEntry>, StorageError>>,
}

impl Default for Script {
    fn default() -> Self {
        Self { request: REQUEST, loads: vec![], commits: vec![], entries: vec![] }
    }
}

impl Script {
    fn load(facts: ChargeFacts) -> Self {
        Self { loads: vec![(10, Ok(facts))], ..Self::default() }
    }

    /// Charges the balance, and tells the answer and everything that was to be committed.
    async fn play(self, key: Option<IdempotencyKey>) -> (Charged, Vec<BalanceCharged>) {
        let Self { request, loads, commits, entries } = self;
        let clock = clock(loads.iter().map(|(second, _)| at(*second)).collect::<Vec<_>>());
        let mut wallets = MockWallets::new();
        let (times, mut loads, expected) = (loads.len(), loads.into_iter(), key.clone());
        wallets.expect_load_for_charge().times(times).returning(move |asked, key| {
            assert_eq!((asked, &key), (&request, &expected), "what is loaded");
            loads.next().unwrap().1
        });
        let committed = Arc::<Mutex<Vec<BalanceCharged>>>::default();
        let (times, mut commits, noted) = (commits.len(), commits.into_iter(), Arc::clone(&committed));
        wallets.expect_commit_charge().times(times).returning(move |charged| {
            noted.lock().unwrap().push(charged.clone());
            commits.next().unwrap()
        });
        let (times, mut entries) = (entries.len(), entries.into_iter());
        wallets.expect_entry().times(times).returning(move |user, id| {
            assert_eq!((user, id), (USER, entry().id), "which entry is looked up");
            entries.next().unwrap()
        });
        let charge = ChargeBalance::new(clock, ids(), Arc::new(wallets), POLICY);
        let answer = charge.handle(ChargeBalanceCommand { owner: USER, request, key }).await;
        let committed = committed.lock().unwrap().clone();
        (answer, committed)
    }
}

fn succeeding() -> Script {
    Script { commits: vec![Ok(Commit::Committed(entry()))], ..Script::load(facts()) }
}

#[tokio::test]
async fn an_amount_is_added_to_the_balance() {
    let (answer, committed) = succeeding().play(None).await;
    assert_eq!(committed, [decision(None)], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(entry()));
}

#[tokio::test]
async fn the_key_and_what_was_asked_under_it_are_stored_with_the_charge() {
    let (answer, committed) = succeeding().play(Some(key())).await;
    let keyed = KeyedRequest { key: key(), fingerprint: Fingerprint("amount=30".to_owned()) };
    assert_eq!(committed, [decision(Some(keyed))], "what is committed");
    assert_eq!(answer.unwrap(), Answer::fresh(entry()));
}

#[tokio::test]
async fn nobody_charges_the_balance_of_somebody_else_nor_is_anything_loaded() {
    let mut wallets = MockWallets::new();
    wallets.expect_load_for_charge().never();
    wallets.expect_commit_charge().never();
    let charge = ChargeBalance::new(clock(vec![]), ids(), Arc::new(wallets), POLICY);
    let command = ChargeBalanceCommand { owner: SOMEBODY_ELSE, request: REQUEST, key: Some(key()) };
    assert_refused!(charge.handle(command).await, ChargeBalanceError::NotTheOwner(NotTheOwner));
}

#[tokio::test]
async fn nobody_charges_a_balance_whose_turn_it_is_not() {
    for (ticket, expected) in tickets_without_a_turn() {
        let loads = vec![(50, Ok(ChargeFacts { ticket, ..facts() }))];
        let (refused, _) = Script { loads, ..Script::default() }.play(Some(key())).await;
        assert!(
            matches!(&refused, Err(ChargeBalanceError::NoTurn(reason)) if *reason == expected),
            "expected {expected:?}, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn nothing_less_than_nothing_and_too_much_can_not_be_charged() {
    for minor in [-1, 0, 5_001] {
        let request = ChargeRequest { amount: Money::from_minor(minor), ..REQUEST };
        let (refused, _) = Script { request, ..Script::load(facts()) }.play(None).await;
        let expected = ChargeRefused::InvalidAmount { at_most: POLICY.charge_at_most };
        assert!(
            matches!(refused, Err(ChargeBalanceError::Refused(reason)) if reason == expected),
            "expected {expected:?} for {minor} hundredths, but it was {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_wallet_takes_no_more_than_it_may_hold() {
    let nearly_full = ChargeFacts { balance: Money::from_minor(7_001), ..facts() };
    let (refused, _) = Script::load(nearly_full).play(None).await;
    let limit = POLICY.balance_at_most;
    assert!(
        matches!(
            refused,
            Err(ChargeBalanceError::Refused(ChargeRefused::BalanceLimitExceeded { at_most })) if at_most == limit
        ),
        "expected that the limit of {limit} is exceeded, but it was {refused:?}"
    );
}

#[tokio::test]
async fn a_wallet_that_was_filled_in_the_meantime_takes_no_more() {
    let full = ChargeFacts { balance: Money::from_units(71), ..facts() };
    let loads = vec![(10, Ok(facts())), (11, Ok(full))];
    let (refused, committed) =
        Script { loads, commits: vec![Ok(Commit::Stale)], ..Script::default() }.play(None).await;
    assert_refused!(refused, ChargeBalanceError::Refused(ChargeRefused::BalanceLimitExceeded { .. }));
    assert_eq!(committed, [decision(None)], "only the first attempt may reach the commit");
}

#[tokio::test]
async fn a_stale_decision_is_made_again_from_what_is_true_by_then() {
    let loads = vec![(10, Ok(facts())), (20, Ok(facts()))];
    let commits = vec![Ok(Commit::Stale), Ok(Commit::Committed(entry()))];
    let (answer, committed) = Script { loads, commits, ..Script::default() }.play(None).await;
    let second = BalanceCharged { entry: TransactionId(Uuid::from_u128(101)), at: at(20), ..decision(None) };
    assert_eq!(committed, [decision(None), second], "what is committed, attempt by attempt");
    assert_eq!(answer.unwrap(), Answer::fresh(entry()), "the entry as the store tells it");
}

#[tokio::test]
async fn who_is_overtaken_every_time_is_told_to_try_later() {
    let attempts = 1 + DECIDES_AGAIN_AT_MOST;
    let (loads, commits) = (vec![(10, Ok(facts())); attempts], vec![Ok(Commit::Stale); attempts]);
    let (refused, _) = Script { loads, commits, ..Script::default() }.play(None).await;
    assert_refused!(refused, ChargeBalanceError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn the_same_key_gives_the_first_answer_again_whatever_has_become_of_the_ticket() {
    let (first, _) = succeeding().play(Some(key())).await;
    let first = first.unwrap().value;
    let tickets = tickets_without_a_turn().into_iter().map(|(ticket, _)| ticket);
    for ticket in tickets.chain([Some(active())]) {
        let script = Script { entries: vec![Ok(Some(first.clone()))], ..Script::load(recorded(ticket)) };
        let (again, _) = script.play(Some(key())).await;
        assert_eq!(again.unwrap(), Answer::replayed(first.clone()), "{ticket:?}");
    }
}

#[tokio::test]
async fn the_slower_of_two_with_the_same_key_gets_the_answer_of_the_faster() {
    let loads = vec![(10, Ok(facts())), (11, Ok(recorded(Some(active()))))];
    let script = Script {
        loads,
        commits: vec![Ok(Commit::Stale)],
        entries: vec![Ok(Some(entry()))],
        ..Script::default()
    };
    let (answer, _) = script.play(Some(key())).await;
    assert_eq!(answer.unwrap(), Answer::replayed(entry()));
}

#[tokio::test]
async fn a_key_that_was_used_for_another_amount_is_refused_even_without_a_turn() {
    for ticket in [Some(active()), None] {
        let mut facts = recorded(ticket);
        facts.recorded.as_mut().unwrap().fingerprint = Fingerprint("amount=31".to_owned());
        let (refused, _) = Script::load(facts).play(Some(key())).await;
        assert_refused!(refused, ChargeBalanceError::KeyReused(KeyReused));
    }
}

#[tokio::test]
async fn a_key_whose_entry_is_missing_is_a_fault_of_ours() {
    let script = Script { entries: vec![Ok(None)], ..Script::load(recorded(Some(active()))) };
    let (refused, _) = script.play(Some(key())).await;
    assert_refused!(refused, ChargeBalanceError::Storage(StorageError::Unexpected(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told_wherever_it_is_asked() {
    let at_load = Script { loads: vec![(10, Err(away()))], ..Script::default() };
    let at_commit = Script { commits: vec![Err(away())], ..Script::load(facts()) };
    let at_replay = Script { entries: vec![Err(away())], ..Script::load(recorded(None)) };
    for script in [at_load, at_commit, at_replay] {
        let (refused, _) = script.play(Some(key())).await;
        assert_refused!(refused, ChargeBalanceError::Storage(StorageError::Unavailable(_)));
    }
}
