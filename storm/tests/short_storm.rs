//! A storm of some seconds on each store, with everything that the long one has. `STORM_SEED`, `STORM_OPERATIONS` and the
//! others choose another one.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "test code")]

use storm::{
    run::run,
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
    // A storm in which nothing happened shows nothing.
    let state = &outcome.state;
    let refunds = state.payments.iter().filter(|payment| payment.refunded).count();
    let cut = outcome.history.calls.iter().filter(|call| call.is_open()).count();
    let rows = [state.reservations.len(), state.payments.len(), refunds, state.entries.len(), cut];
    assert!(
        rows.iter().all(|count| *count >= 10),
        "reservations, payments, refunds, entries, cuts: {rows:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_promise_is_broken_in_a_storm_on_sqlite() {
    no_promise_is_broken_in_a_storm(StoreKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_promise_is_broken_in_a_storm_on_postgres() {
    no_promise_is_broken_in_a_storm(StoreKind::Postgres).await;
}
