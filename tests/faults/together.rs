//! Changes that are committed together: what becomes of the others when one fails, and of all when the commit does.

use std::pin::pin;

use adapter_persistence::fail_points::{Place, StoredChange, point};
use domain::{
    catalog::Concert, commit::Commit, ids::ConcertId, reservation::SeatsHeld, storage::StorageError,
    text::Name, waiting_room::Newcomer, wallet::BalanceCharged,
};
use fail::FailScenario;
use futures_util::future::{join_all, poll_immediate};

use crate::{
    held_up::HeldUp,
    stage::{Stage, at_once, keyed, new_id, sqlite},
    world::World,
};

/// A hold and a concert, which have nothing to do with each other.
async fn hold_and_concert(stage: &Stage) -> (SeatsHeld, Concert) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let held = stage.decide_hold(guest, &show, &[1], chrono::Duration::minutes(5)).await;
    let concert = Concert {
        id: new_id::<ConcertId>(),
        name: Name::new("Another concert").unwrap(),
        time_zone: domain::catalog::TimeZone::default(),
        created_at: stage.now(),
    };
    (held, concert)
}

/// Makes a hold and adds a concert in one transaction of the writing thread, which is held up until both wait.
async fn commit_together(
    stage: &Stage,
    held: &SeatsHeld,
    concert: &Concert,
) -> (Result<Commit<()>, StorageError>, Result<(), StorageError>) {
    let mut held_up = HeldUp::at(StoredChange::ForgetKeys, Place::Before);
    let busy = tokio::spawn({
        let (keys, now) = (stage.ports.idempotency.clone(), stage.now());
        async move { keys.forget_before(now - chrono::Duration::days(1), 1).await }
    });
    held_up.reached().await;
    let mut holding = pin!(stage.ports.inventory.commit_hold(held));
    let mut adding = pin!(stage.ports.catalog.add_concert(concert));
    assert!(poll_immediate(holding.as_mut()).await.is_none(), "expected the hold to wait");
    assert!(poll_immediate(adding.as_mut()).await.is_none(), "expected the concert to wait");
    held_up.go_on();
    busy.await.unwrap().unwrap();
    at_once(async { tokio::join!(holding, adding) }).await
}

async fn is_there(stage: &Stage, held: &SeatsHeld, concert: &Concert) -> (bool, bool) {
    let reservation = &held.reservation;
    let found = stage.ports.reservations.find(reservation.user, reservation.id).await.unwrap();
    let concert = stage.ports.catalog.concert(concert.id).await.unwrap();
    (found.is_some(), concert.is_some())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_fails_takes_nothing_of_the_others_with_it() {
    let scenario = FailScenario::setup();
    let stage = sqlite().await;
    let (held, concert) = hold_and_concert(&stage).await;
    fail::cfg(point(StoredChange::HoldSeats, Place::Inside), "return").unwrap();
    let (reserved, added) = commit_together(&stage, &held, &concert).await;
    assert!(matches!(reserved, Err(StorageError::Unavailable(_))), "{reserved:?}");
    added.expect("the other is made");
    assert_eq!(is_there(&stage, &held, &concert).await, (false, true));
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_that_a_change_is_made_when_the_commit_of_all_fails() {
    all_fail_together(Place::Before, "return").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_that_a_change_is_made_when_another_panics() {
    all_fail_together(Place::Inside, "panic").await;
}

async fn all_fail_together(place: Place, action: &str) {
    let scenario = FailScenario::setup();
    let world = World::alone(sqlite().await);
    let stage = &world.stage;
    let (held, concert) = hold_and_concert(stage).await;
    let fails = point(StoredChange::HoldSeats, place);
    fail::cfg(&fails, action).unwrap();
    let (reserved, added) = commit_together(stage, &held, &concert).await;
    assert!(reserved.is_err() && added.is_err(), "{reserved:?}, {added:?}");
    assert_eq!(is_there(stage, &held, &concert).await, (false, false));
    fail::remove(&fails);
    world.goes_on().await;
    let (reserved, added) = commit_together(stage, &held, &concert).await;
    assert_eq!(reserved.unwrap(), Commit::Committed(()));
    added.unwrap();
    assert_eq!(is_there(stage, &held, &concert).await, (true, true));
    scenario.teardown();
}

/// As behind a disk that hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_file_that_is_not_written_is_told_in_time_and_the_change_is_made_once() {
    let scenario = FailScenario::setup();
    let world = World::alone(sqlite().await);
    let stage = &world.stage;
    let guest = stage.guest().await;
    let amount = domain::money::Money::from_units(1);
    let charged = BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, amount) };
    let held_up = HeldUp::at(StoredChange::ChargeBalance, Place::Before);
    let asked = tokio::time::Instant::now();
    let (first, behind) =
        tokio::join!(stage.ports.wallets.commit_charge(&charged), stage.ports.room.leave(guest.ticket));
    assert!(matches!(first, Err(StorageError::Unavailable(_))), "{first:?}");
    assert!(matches!(behind, Err(StorageError::Unavailable(_))), "{behind:?}");
    assert!(asked.elapsed() < std::time::Duration::from_secs(5), "told after {:?}", asked.elapsed());
    held_up.go_on();
    world.goes_on().await;
    let again = BalanceCharged { keyed: keyed("key"), ..stage.decide_charge(guest, amount) };
    assert_eq!(at_once(stage.ports.wallets.commit_charge(&again)).await.unwrap(), Commit::Stale);
    assert_eq!(stage.ports.wallets.balance(guest.user).await.unwrap(), amount, "expected one charge");
    scenario.teardown();
}

encore_tests::on_every_store! {
    crate::stage;
    when_the_commit_of_many_who_join_fails_none_has_a_number_and_none_is_missing_afterwards,
}

async fn when_the_commit_of_many_who_join_fails_none_has_a_number_and_none_is_missing_afterwards(
    stage: Stage,
) {
    let scenario = FailScenario::setup();
    let mut newcomers = Vec::new();
    for _ in 0..6 {
        newcomers.push(Newcomer { user: stage.user().await, ticket: new_id() });
    }
    let mut held_up = HeldUp::at(StoredChange::ChangeRoom, Place::Before);
    let first = tokio::spawn({
        let (room, newcomer) = (stage.ports.room.clone(), newcomers.pop().unwrap());
        async move { room.join(newcomer).await }
    });
    held_up.reached().await;
    let mut others = pin!(join_all(newcomers.iter().map(|newcomer| stage.ports.room.join(*newcomer))));
    assert!(poll_immediate(others.as_mut()).await.is_none(), "expected them to wait");
    held_up.go_on_and_fail_the_next();
    first.await.unwrap().expect("the first is no part of what fails");
    for refused in at_once(others).await {
        assert!(matches!(refused, Err(StorageError::Unavailable(_))), "{refused:?}");
    }
    assert_eq!(stage.number("SELECT count(*) FROM queue_tickets").await, 1);
    fail::remove(point(StoredChange::ChangeRoom, Place::Before));
    for newcomer in newcomers {
        at_once(stage.ports.room.join(newcomer)).await.unwrap();
    }
    assert_eq!(stage.number("SELECT last_number FROM waiting_room").await, 6);
    stage.check_invariants().await;
    scenario.teardown();
}
