//! A storm of some seconds on each store, with everything that the long one has. `STORM_SEED`, `STORM_OPERATIONS` and the
//! others choose another one.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "test code")]

use storm::{
    history::Told,
    run::{Outcome, run},
    settings::{Settings, StoreKind},
    summary::{summary, violations},
};

async fn no_promise_is_broken_in_a_storm(store: StoreKind) {
    let settings = Settings { store, ..Settings::short(store).or_from_environment().unwrap() };
    println!("{settings:?}");
    let outcome = run(settings.clone()).await;
    println!("{}", summary(&outcome));
    assert!(outcome.violations.is_empty(), "seed {}:\n{}", settings.seed, violations(&outcome.violations));
    assert!(outcome.kills.total() >= settings.kills, "{:?}", outcome.kills);
    assert_much_happened(&outcome);
}

/// A storm in which nothing happened shows nothing.
fn assert_much_happened(outcome: &Outcome) {
    let state = &outcome.state;
    let calls = &outcome.history.calls;
    let cut = |told: &Told| calls.iter().filter(|call| call.is_cut && call.told == *told).count();
    let counts = [
        ("reservations", state.reservations.len()),
        ("payments", state.payments.len()),
        ("refunds", state.payments.iter().filter(|payment| payment.refunded).count()),
        ("ledger entries", state.entries.len()),
        ("calls that were cut before their answer", cut(&Told::Unknown)),
        ("calls that were cut in mid-request", cut(&Told::Unsent)),
    ];
    for (what, count) in counts {
        assert!(count >= 10, "{count} {what}: too few to show anything, {counts:?}");
    }
    if outcome.settings.store == StoreKind::Postgres {
        let kills = outcome.kills;
        let is_each_killed = kills.instances > 0 && kills.schedulers > 0 && kills.stores > 0;
        assert!(is_each_killed, "each kind is killed: {kills:?}");
        assert!(!outcome.skewed.is_empty(), "one instance is seen to have a clock that is wrong");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_promise_is_broken_in_a_storm_on_sqlite() {
    no_promise_is_broken_in_a_storm(StoreKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_promise_is_broken_in_a_storm_on_postgres() {
    no_promise_is_broken_in_a_storm(StoreKind::Postgres).await;
}
