//! Wallets and their ledgers.

use domain::{
    commit::Commit,
    idempotency::IdempotencyRecord,
    ids::UserId,
    money::Money,
    wallet::{BalanceCharged, ChargeRequest, EntryKind, LedgerEntry},
};

use crate::stage::{Guest, PRICE, Stage, committed, idempotency_key, keyed, new_id, read_pages};

encore_tests::on_every_store! {
    crate::stage;
    a_charge_adds_to_the_balance_and_the_ledger,
    amounts_with_decimals_add_up_exactly,
    the_largest_amounts_are_kept,
    what_a_charge_is_decided_from_is_loaded_at_once,
    who_has_no_wallet_has_nothing,
    the_ticket_of_another_user_is_no_turn,
    the_ledger_of_another_user_is_not_told,
    a_balance_is_not_charged_with_the_wrong_ticket,
    a_wallet_holds_at_most_what_it_may,
    a_key_is_stored_with_the_charge,
    a_key_that_is_used_makes_the_next_charge_stale,
    of_simultaneous_charges_with_one_key_one_is_committed,
    a_key_of_a_charge_does_not_count_for_a_hold,
    a_hundred_simultaneous_charges_all_count,
    simultaneous_charges_never_fill_a_wallet_beyond_its_bound,
    simultaneous_charges_of_many_users_do_not_mix,
    pages_of_a_ledger_tell_each_entry_once_newest_first,
}

async fn commit(stage: &Stage, charged: &BalanceCharged) -> Commit<LedgerEntry> {
    stage.ports.wallets.commit_charge(charged).await.unwrap()
}

async fn expect_stale(stage: &Stage, charged: &BalanceCharged, why: &str) {
    let outcome = stage.without_a_trace(commit(stage, charged)).await;
    assert_eq!(outcome, Commit::Stale, "expected a charge to be stale: {why}");
    let entry = stage.ports.wallets.entry(charged.user, charged.entry).await.unwrap();
    assert_eq!(entry, None, "expected no entry: {why}");
}

async fn balance(stage: &Stage, user: UserId) -> Money {
    stage.ports.wallets.balance(user).await.unwrap()
}

async fn ledger(stage: &Stage, user: UserId, limit: i64) -> Vec<LedgerEntry> {
    read_pages(limit, async |page| stage.ports.wallets.entries(user, page).await.unwrap()).await
}

async fn a_charge_adds_to_the_balance_and_the_ledger(stage: Stage) {
    let guest = stage.guest().await;
    stage.charge(guest, Money::from_units(5)).await;
    let charged = stage.decide_charge(guest, Money::from_units(37));
    let entry = LedgerEntry {
        id: charged.entry,
        user: guest.user,
        sequence: 2,
        kind: EntryKind::Charge,
        amount: Money::from_units(37),
        balance_after: Money::from_units(42),
        reference: None,
        at: charged.at,
    };
    assert_eq!(commit(&stage, &charged).await, Commit::Committed(entry.clone()));
    assert_eq!(balance(&stage, guest.user).await, Money::from_units(42));
    assert_eq!(stage.ports.wallets.entry(guest.user, entry.id).await.unwrap(), Some(entry));
}

async fn amounts_with_decimals_add_up_exactly(stage: Stage) {
    let guest = stage.guest().await;
    for (minor, after) in [(1, 1), (10, 11), (20, 31), (1_229, 1_260), (99, 1_359)] {
        let charged = stage.decide_charge(guest, Money::from_minor(minor));
        let Commit::Committed(entry) = commit(&stage, &charged).await else { panic!("expected a charge") };
        assert_eq!((entry.amount, entry.balance_after), (Money::from_minor(minor), Money::from_minor(after)));
        assert_eq!(stage.ports.wallets.entry(guest.user, entry.id).await.unwrap(), Some(entry));
    }
    assert_eq!(balance(&stage, guest.user).await, Money::from_minor(1_359));
}

async fn the_largest_amounts_are_kept(stage: Stage) {
    let guest = stage.guest().await;
    let amount = Money::from_minor(4_999_999_999_999_999);
    for after in [amount.minor(), 2 * amount.minor()] {
        let charged = BalanceCharged { balance_at_most: amount, ..stage.decide_charge(guest, amount) };
        let Commit::Committed(entry) = commit(&stage, &charged).await else { panic!("expected a charge") };
        assert_eq!(entry.balance_after, Money::from_minor(after));
        assert_eq!(balance(&stage, guest.user).await, Money::from_minor(after));
    }
}

async fn what_a_charge_is_decided_from_is_loaded_at_once(stage: Stage) {
    let guest = stage.guest().await;
    stage.charge(guest, Money::from_minor(1_234)).await;
    let request = ChargeRequest { user: guest.user, ticket: guest.ticket, amount: Money::from_units(1) };
    let facts = stage.ports.wallets.load_for_charge(&request, None).await.unwrap();
    assert_eq!(facts.ticket, Some(stage.ticket(guest.ticket).await));
    assert_eq!((facts.recorded, facts.balance), (None, Money::from_minor(1_234)));
}

async fn who_has_no_wallet_has_nothing(stage: Stage) {
    let nobody = new_id();
    let request = ChargeRequest { user: nobody, ticket: new_id(), amount: Money::from_units(1) };
    let facts = stage.ports.wallets.load_for_charge(&request, Some(idempotency_key("key"))).await.unwrap();
    assert_eq!((facts.ticket, facts.recorded, facts.balance), (None, None, Money::ZERO));
    assert_eq!(balance(&stage, nobody).await, Money::ZERO);
    assert_eq!(ledger(&stage, nobody, 10).await, []);
}

async fn the_ticket_of_another_user_is_no_turn(stage: Stage) {
    let (guest, other) = (stage.guest().await, stage.guest().await);
    let request = ChargeRequest { user: guest.user, ticket: other.ticket, amount: Money::from_units(1) };
    let facts = stage.ports.wallets.load_for_charge(&request, None).await.unwrap();
    assert_eq!(facts.ticket, None, "expected another's ticket not to be found");
}

async fn the_ledger_of_another_user_is_not_told(stage: Stage) {
    let (guest, other) = (stage.guest().await, stage.guest().await);
    let charged = stage.decide_charge(other, Money::from_units(1));
    assert!(matches!(commit(&stage, &charged).await, Commit::Committed(_)));
    assert_eq!(stage.ports.wallets.entry(guest.user, charged.entry).await.unwrap(), None);
    assert_eq!(ledger(&stage, guest.user, 10).await, []);
    assert_eq!(balance(&stage, guest.user).await, Money::ZERO);
}

async fn a_balance_is_not_charged_with_the_wrong_ticket(stage: Stage) {
    let guest = stage.guest().await;
    stage
        .with_every_wrong_ticket(guest, async |why, ticket| {
            let charged = stage.decide_charge(Guest { ticket, ..guest }, Money::from_units(1));
            expect_stale(&stage, &charged, why).await;
        })
        .await;
}

async fn a_wallet_holds_at_most_what_it_may(stage: Stage) {
    let guest = stage.guest().await;
    stage.charge(guest, Money::from_minor(1_001)).await;
    let charged = stage.decide_charge(guest, Money::from_units(1));
    let too_much = BalanceCharged { balance_at_most: Money::from_minor(1_000), ..charged.clone() };
    expect_stale(&stage, &too_much, "the wallet holds a hundredth too much").await;
    let just_enough = BalanceCharged { balance_at_most: Money::from_minor(1_001), ..charged };
    assert!(
        matches!(commit(&stage, &just_enough).await, Commit::Committed(_)),
        "expected the bound to be in"
    );
}

async fn a_key_is_stored_with_the_charge(stage: Stage) {
    let guest = stage.guest().await;
    let charged = BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, Money::from_units(1)) };
    assert!(matches!(commit(&stage, &charged).await, Commit::Committed(_)));
    let request = ChargeRequest { user: guest.user, ticket: guest.ticket, amount: charged.amount };
    for (key, expected) in [("key", Some(charged.entry.0)), ("other", None)] {
        let facts = stage.ports.wallets.load_for_charge(&request, Some(idempotency_key(key))).await.unwrap();
        let fingerprint = keyed(key).unwrap().fingerprint;
        assert_eq!(
            facts.recorded,
            expected.map(|result| IdempotencyRecord { fingerprint, result }),
            "under {key}"
        );
    }
}

async fn a_key_that_is_used_makes_the_next_charge_stale(stage: Stage) {
    let (guest, other) = (stage.guest().await, stage.guest().await);
    let charged =
        |guest| BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, Money::from_units(1)) };
    assert!(matches!(commit(&stage, &charged(guest)).await, Commit::Committed(_)));
    expect_stale(&stage, &charged(guest), "its key is used").await;
    let others = commit(&stage, &charged(other)).await;
    assert!(matches!(others, Commit::Committed(_)), "expected a key to count for one user, got {others:?}");
}

async fn of_simultaneous_charges_with_one_key_one_is_committed(stage: Stage) {
    let guest = stage.guest().await;
    let charged =
        |_| BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, Money::from_units(1)) };
    let decided: Vec<_> = (0..20).map(charged).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|charged| commit(&stage, charged))).await;
    assert_eq!(committed(&outcomes), 1, "expected the effect once");
    assert_eq!(balance(&stage, guest.user).await, Money::from_units(1));
    assert_eq!(stage.number("SELECT count(*) FROM idempotency_records").await, 1);
    stage.check_invariants().await;
}

async fn a_key_of_a_charge_does_not_count_for_a_hold(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let charged = BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, Money::from_units(1)) };
    assert!(matches!(commit(&stage, &charged).await, Commit::Committed(_)));
    let request = guest.hold_request(&show, &[1]);
    let key = Some(idempotency_key("key"));
    let facts = stage.ports.inventory.load_for_hold(&request, key, stage.now()).await.unwrap();
    assert_eq!(facts.recorded, None, "expected a key to count for one operation");
    let mut held = stage.decide_hold(guest, &show, &[1], chrono::Duration::minutes(5)).await;
    held.keyed = keyed("key");
    assert_eq!(stage.ports.inventory.commit_hold(&held).await.unwrap(), Commit::Committed(()));
}

async fn a_hundred_simultaneous_charges_all_count(stage: Stage) {
    let guest = stage.guest().await;
    let decided: Vec<_> =
        (1..=100).map(|minor| stage.decide_charge(guest, Money::from_minor(minor))).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|charged| commit(&stage, charged))).await;
    assert_eq!(committed(&outcomes), 100, "expected no charge to make another stale");
    assert_eq!(balance(&stage, guest.user).await, Money::from_minor(5_050));
    let mut entries = ledger(&stage, guest.user, 200).await;
    entries.reverse();
    let sequence: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequence, (1..=100).collect::<Vec<_>>(), "expected an order without gaps");
    let mut sum = Money::ZERO;
    for entry in entries {
        sum = sum.checked_add(entry.amount).unwrap();
        assert_eq!(entry.balance_after, sum, "expected entry {} to tell the sum so far", entry.sequence);
    }
}

async fn simultaneous_charges_never_fill_a_wallet_beyond_its_bound(stage: Stage) {
    let guest = stage.guest().await;
    let bounded = |_| BalanceCharged {
        balance_at_most: Money::from_units(25),
        ..stage.decide_charge(guest, Money::from_units(10))
    };
    let decided: Vec<_> = (0..20).map(bounded).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|charged| commit(&stage, charged))).await;
    assert_eq!(committed(&outcomes), 3, "expected charges while the wallet holds at most 25");
    assert_eq!(balance(&stage, guest.user).await, Money::from_units(30));
}

async fn simultaneous_charges_of_many_users_do_not_mix(stage: Stage) {
    let guests = stage.guests(8).await;
    let charges = (0..64).map(|place: usize| {
        let minor = i64::try_from(place % 8).unwrap() + 1;
        stage.charge(guests[place % 8], Money::from_minor(minor))
    });
    stage.at_the_same_time(charges).await;
    for (minor, guest) in (1..).zip(&guests) {
        assert_eq!(balance(&stage, guest.user).await, Money::from_minor(8 * minor));
        assert_eq!(ledger(&stage, guest.user, 3).await.len(), 8);
    }
    stage.check_invariants().await;
}

async fn pages_of_a_ledger_tell_each_entry_once_newest_first(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    for _ in 0..4 {
        stage.charge(guest, PRICE).await;
    }
    let reservation = stage.hold(guest, &show, &[1]).await;
    let payment = stage.pay(guest, &reservation).await;
    // At one instant, so that nothing but the sequence tells them apart.
    let guest = stage.guest_again(guest.user).await;
    for _ in 0..2 {
        let charged = BalanceCharged { at: payment.paid_at, ..stage.decide_charge(guest, PRICE) };
        assert!(matches!(commit(&stage, &charged).await, Commit::Committed(_)));
    }
    let all = ledger(&stage, guest.user, 200).await;
    let sequence: Vec<_> = all.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequence, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!((all[2].kind, all[2].amount), (EntryKind::Payment, PRICE.negated()));
    for limit in [1, 2, 3, 7] {
        assert_eq!(ledger(&stage, guest.user, limit).await, all, "{limit} a page");
    }
}
