//! The keys that are kept. That a key is stored with its effect is told where the effect is.

use chrono::Duration;
use domain::{
    commit::Commit,
    idempotency::{IdempotencyRecord, KeyedRequest},
    money::Money,
    wallet::{BalanceCharged, ChargeRequest},
};

use crate::stage::{Guest, Stage, idempotency_key, keyed};

encore_tests::on_every_store! {
    crate::stage;
    the_longest_key_is_kept_to_the_letter,
    keys_are_told_apart_by_case,
    old_keys_are_forgotten_and_younger_ones_are_not,
    a_key_of_the_very_instant_is_not_older_than_it,
    no_more_keys_are_forgotten_at_a_time_than_asked_for,
    simultaneous_forgetters_forget_every_key_once,
    a_forgotten_key_counts_as_unused,
}

const AMOUNT: Money = Money::from_units(1);

async fn charge_with(stage: &Stage, guest: Guest, key: &str) -> BalanceCharged {
    let charged = BalanceCharged { keyed: keyed(key), ..stage.decide_charge(guest, AMOUNT) };
    let done = stage.ports.wallets.commit_charge(&charged).await.unwrap();
    assert!(matches!(done, Commit::Committed(_)), "expected {key} to be unused, got {done:?}");
    charged
}

async fn recorded(stage: &Stage, guest: Guest, key: &str) -> Option<IdempotencyRecord> {
    let request = ChargeRequest { user: guest.user, ticket: guest.ticket, amount: AMOUNT };
    stage.ports.wallets.load_for_charge(&request, Some(idempotency_key(key))).await.unwrap().recorded
}

/// Lets a key have been stored a day ago.
async fn age(stage: &Stage, key: &str) {
    let a_day_ago = stage.instant(stage.now() - Duration::days(1));
    stage.sql(&format!("UPDATE idempotency_records SET recorded_at = {a_day_ago} WHERE key = '{key}'")).await;
}

async fn the_longest_key_is_kept_to_the_letter(stage: Stage) {
    let guest = stage.guest().await;
    let key: String = (0..255_u8).map(|place| char::from(b'!' + place % 94)).collect();
    let charged = charge_with(&stage, guest, &key).await;
    let Some(KeyedRequest { fingerprint, .. }) = charged.keyed else { panic!("expected a key") };
    let expected = IdempotencyRecord { fingerprint, result: charged.entry.0 };
    assert_eq!(recorded(&stage, guest, &key).await, Some(expected));
}

async fn keys_are_told_apart_by_case(stage: Stage) {
    let guest = stage.guest().await;
    let (upper, lower) = (charge_with(&stage, guest, "KEY").await, charge_with(&stage, guest, "key").await);
    for (key, charged) in [("KEY", upper), ("key", lower)] {
        let found = recorded(&stage, guest, key).await.map(|record| record.result);
        assert_eq!(found, Some(charged.entry.0), "{key}");
    }
}

async fn old_keys_are_forgotten_and_younger_ones_are_not(stage: Stage) {
    let guest = stage.guest().await;
    for key in ["old-1", "young", "old-2"] {
        charge_with(&stage, guest, key).await;
    }
    age(&stage, "old-1").await;
    age(&stage, "old-2").await;
    let before = stage.now() - Duration::hours(23);
    assert_eq!(stage.ports.idempotency.forget_before(before, 100).await.unwrap(), 2);
    assert_eq!(recorded(&stage, guest, "old-1").await, None);
    assert_eq!(recorded(&stage, guest, "old-2").await, None);
    assert!(recorded(&stage, guest, "young").await.is_some(), "expected the younger key to be kept");
    assert_eq!(stage.ports.idempotency.forget_before(before, 100).await.unwrap(), 0);
}

async fn a_key_of_the_very_instant_is_not_older_than_it(stage: Stage) {
    let guest = stage.guest().await;
    charge_with(&stage, guest, "key").await;
    let instant = stage.now() - Duration::days(1);
    let stored = stage.instant(instant);
    stage.sql(&format!("UPDATE idempotency_records SET recorded_at = {stored}")).await;
    assert_eq!(stage.ports.idempotency.forget_before(instant, 100).await.unwrap(), 0);
    let just_after = instant + Duration::microseconds(1);
    assert_eq!(stage.ports.idempotency.forget_before(just_after, 100).await.unwrap(), 1);
}

async fn no_more_keys_are_forgotten_at_a_time_than_asked_for(stage: Stage) {
    let guest = stage.guest().await;
    for key in 1..=5 {
        charge_with(&stage, guest, &format!("key-{key}")).await;
    }
    let later = stage.now() + Duration::hours(1);
    let mut forgotten = Vec::new();
    for _ in 0..4 {
        forgotten.push(stage.ports.idempotency.forget_before(later, 2).await.unwrap());
    }
    assert_eq!(forgotten, [2, 2, 1, 0]);
}

async fn simultaneous_forgetters_forget_every_key_once(stage: Stage) {
    let guest = stage.guest().await;
    for key in 1..=20 {
        charge_with(&stage, guest, &format!("key-{key}")).await;
    }
    let later = stage.now() + Duration::hours(1);
    let forgetting = (0..10).map(|_| stage.ports.idempotency.forget_before(later, 100));
    let forgotten: u64 = stage.at_the_same_time(forgetting).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(forgotten, 20);
    assert_eq!(stage.number("SELECT count(*) FROM idempotency_records").await, 0);
}

async fn a_forgotten_key_counts_as_unused(stage: Stage) {
    let guest = stage.guest().await;
    let first = charge_with(&stage, guest, "key").await;
    stage.ports.idempotency.forget_before(stage.now() + Duration::hours(1), 1).await.unwrap();
    let second = charge_with(&stage, guest, "key").await;
    assert_ne!(first.entry, second.entry);
    assert_eq!(stage.ports.wallets.balance(guest.user).await.unwrap(), Money::from_units(2));
}
