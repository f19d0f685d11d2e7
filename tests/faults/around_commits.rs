//! Whatever fails around a commit: all of a change happens or nothing, nobody is told that something was done
//! which was not, whoever asks again has it once, and everybody else goes on.

use adapter_persistence::fail_points::{Place, StoredChange, point};
use fail::FailScenario;

use crate::{
    attempts::{Again, Kind, Told, attempts_at},
    held_up::HeldUp,
    stage::{Stage, at_once},
    world::{Measured, World},
};

macro_rules! around_its_commit {
    ($($name:ident => $kind:ident),* $(,)?) => {
        encore_tests::on_every_store! { crate::stage; $($name),* }
        $(async fn $name(stage: Stage) {
            fail_around_its_commit(stage, Kind::$kind).await;
        })*

        const TESTED: &[Kind] = &[$(Kind::$kind),*];
    };
}

around_its_commit! {
    a_hold_that_fails_is_made_once_or_not_at_all => Hold,
    a_cancellation_that_fails_is_made_once_or_not_at_all => Cancel,
    a_charge_that_fails_is_made_once_or_not_at_all => Charge,
    a_payment_that_fails_is_made_once_or_not_at_all => Pay,
    a_refund_that_fails_is_made_once_or_not_at_all => Refund,
    a_join_that_fails_is_made_once_or_not_at_all => Join,
    a_departure_that_fails_is_made_once_or_not_at_all => Leave,
    a_policy_that_fails_is_changed_once_or_not_at_all => ChangePolicy,
    a_registration_that_fails_is_made_once_or_not_at_all => Register,
    a_concert_that_fails_is_there_or_not_at_all => CreateConcert,
    a_schedule_that_fails_is_there_with_its_seats_or_not_at_all => CreateSchedule,
    an_admission_that_fails_is_made_once_or_not_at_all => Admit,
    a_roll_call_that_fails_is_noted_once_or_not_at_all => CallRoll,
    a_claim_that_fails_is_made_once_or_not_at_all => Claim,
    run_out_holds_that_fail_to_be_tidied_are_tidied_once_or_not_at_all => TidyHolds,
    keys_that_fail_to_be_forgotten_are_forgotten_once_or_not_at_all => ForgetKeys,
    a_first_policy_that_fails_is_there_or_not_at_all => SetFirstPolicy,
}

#[test]
fn every_attempt_at_every_change_is_tested() {
    for kind in TESTED {
        assert!(attempts_at(kind.change()).contains(kind), "{kind:?} is no attempt at {:?}", kind.change());
    }
    for change in StoredChange::ALL {
        let untested: Vec<_> = attempts_at(*change).iter().filter(|kind| !TESTED.contains(kind)).collect();
        assert!(untested.is_empty(), "no test lets {untested:?} fail");
    }
}

/// Where a change can fail.
fn places(world: &World, change: StoredChange) -> &'static [Place] {
    let is_transaction = matches!(change, StoredChange::ChangeRoom | StoredChange::AddSchedule);
    if world.is_sqlite() || is_transaction {
        &[Place::Inside, Place::Before, Place::After]
    } else {
        // One statement, that commits itself.
        &[Place::Before, Place::After]
    }
}

async fn fail_around_its_commit(stage: Stage, kind: Kind) {
    let scenario = FailScenario::setup();
    let world = if kind.is_over_http() { World::served(stage).await } else { World::alone(stage) };
    let effect = effect(&world, kind).await;
    for place in places(&world, kind.change()) {
        for (action, told) in [("return", Told::Unavailable), ("panic", Told::Fault)] {
            fails(&world, kind, *place, action, told, &effect).await;
            world.goes_on().await;
        }
        takes_its_time(&world, kind, *place, &effect).await;
        world.goes_on().await;
    }
    scenario.teardown();
}

/// What a change of this kind changes.
async fn effect(world: &World, kind: Kind) -> Measured {
    let attempt = kind.prepare(world).await;
    let before = world.measure().await;
    assert_eq!(attempt().await, Told::Done, "{kind:?} without a fault");
    let effect = world.measure().await - before;
    assert!(!effect.is_nothing(), "expected {kind:?} to change what is measured");
    effect
}

async fn fails(world: &World, kind: Kind, place: Place, action: &str, told: Told, effect: &Measured) {
    let what = format!("{kind:?} with a {action} {place:?} its commit");
    let attempt = kind.prepare(world).await;
    let before = world.measure().await;
    let point = point(kind.change(), place);
    fail::cfg(&point, action).unwrap();
    assert_eq!(at_once(attempt()).await, told, "{what}");
    fail::remove(&point);
    world.no_transaction_is_open().await;

    let done = world.measure().await - before.clone();
    let expected = if place == Place::After { effect.clone() } else { effect.times(0) };
    assert_eq!(done, expected, "{what}: all of it was to happen if it was committed, nothing if not");

    let (told, times) = match kind.again() {
        _ if place != Place::After => (Told::Done, 1),
        Again::HasHappenedOnce => (Told::Done, 1),
        Again::IsRefused(code) => (Told::Refused(code.to_owned()), 1),
        Again::IsAnother => (Told::Done, 2),
    };
    assert_eq!(at_once(attempt()).await, told, "{what}, asked for again at once");
    assert_eq!(world.measure().await - before, effect.times(times), "{what}, asked for again");
}

/// Nobody is told of a change that is not committed yet, nobody sees it, and once it is committed everybody does.
async fn takes_its_time(world: &World, kind: Kind, place: Place, effect: &Measured) {
    let what = format!("{kind:?} that takes its time {place:?} its commit");
    let attempt = kind.prepare(world).await;
    let before = world.measure().await;
    let mut held_up = HeldUp::at(kind.change(), place);
    let attempt = tokio::spawn(attempt());
    held_up.reached().await;

    let seen = world.measure().await - before.clone();
    let expected = if place == Place::After { effect.clone() } else { effect.times(0) };
    assert_eq!(seen, expected, "{what}: it was to be seen once it was committed, not before");
    assert!(!attempt.is_finished(), "{what}: expected nobody to be told before it is done");
    held_up.go_on();
    assert_eq!(at_once(attempt).await.unwrap(), Told::Done, "{what}");
    assert_eq!(world.measure().await - before, *effect, "{what}");
}
