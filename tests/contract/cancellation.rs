//! Callers that go away in the middle of a call, as a handler does whose client has hung up.
//!
//! Whatever they have begun happens as a whole or not at all, and nobody has to wait for them.

use std::future::Future;

use domain::{
    money::Money,
    waiting_room::{Joined, Newcomer, RollCall},
    wallet::BalanceCharged,
};
use futures_util::future::join_all;

use crate::stage::{Guest, PRICE, Stage, abandoned_after, at_once, new_id};

encore_tests::on_every_store! {
    crate::stage;
    an_abandoned_join_keeps_nobody_waiting,
    an_abandoned_departure_keeps_nobody_waiting,
    an_abandoned_admission_keeps_nobody_waiting,
    an_abandoned_change_of_policy_keeps_nobody_waiting,
    an_abandoned_hold_keeps_nobody_waiting,
    an_abandoned_cancellation_keeps_nobody_waiting,
    an_abandoned_payment_keeps_nobody_waiting,
    an_abandoned_charge_keeps_nobody_waiting,
    an_abandoned_roll_call_keeps_nobody_waiting,
    an_abandoned_claim_keeps_nobody_waiting,
    an_abandoned_registration_is_there_as_a_whole_or_not_at_all,
    abandoned_jobs_keep_nobody_waiting,
    an_abandoned_schedule_is_there_as_a_whole_or_not_at_all,
    many_who_go_away_at_once_use_nothing_up,
}

/// Does something again and again, going away one step later each time, until it has once been done to its end.
async fn abandoned_at_every_step<T, F>(
    stage: &Stage,
    mut prepare: impl AsyncFnMut() -> T,
    call: impl Fn(T) -> F,
    then: impl AsyncFn(),
) where
    F: Future,
{
    for steps in 1..100 {
        // The pool gives out last what it got back last: the connection of the abandoned call stays where it is.
        stage.open_every_connection().await;
        let prepared = prepare().await;
        let done = abandoned_after(steps, call(prepared)).await;
        at_once(then()).await;
        if done {
            return;
        }
    }
    panic!("expected the call to end");
}

async fn an_abandoned_join_keeps_nobody_waiting(stage: Stage) {
    abandoned_at_every_step(
        &stage,
        async || stage.user().await,
        |user| stage.ports.room.join(Newcomer { user, ticket: new_id() }),
        async || {
            stage.newcomer().await;
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_departure_keeps_nobody_waiting(stage: Stage) {
    abandoned_at_every_step(
        &stage,
        async || stage.guest().await.ticket,
        |ticket| stage.ports.room.leave(ticket),
        async || {
            stage.newcomer().await;
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_admission_keeps_nobody_waiting(stage: Stage) {
    stage.max_active(1).await;
    let mut inside = stage.guest().await.ticket;
    abandoned_at_every_step(
        &stage,
        async || {
            let next = stage.newcomer().await.ticket.id;
            // Whoever is inside by now, since the admission before may have been made after all.
            stage.ports.room.leave(inside).await.unwrap();
            inside = next;
        },
        |()| stage.ports.room.admit(),
        async || {
            stage.ports.room.admit().await.unwrap();
            assert_eq!(stage.overview().await.active, 1, "expected one inside");
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_change_of_policy_keeps_nobody_waiting(stage: Stage) {
    let change = domain::waiting_room::PolicyChange::default();
    abandoned_at_every_step(
        &stage,
        async || (),
        |()| stage.ports.room.change_policy(&change),
        async || {
            stage.newcomer().await;
        },
    )
    .await;
}

async fn an_abandoned_roll_call_keeps_nobody_waiting(stage: Stage) {
    stage.max_active(1).await;
    stage.guest().await;
    abandoned_at_every_step(
        &stage,
        async || RollCall { signs: Vec::new(), near_up_to: stage.newcomer().await.ticket.number },
        |roll| {
            let room = stage.ports.room.clone();
            async move { room.call_roll(&roll).await }
        },
        async || {
            stage.newcomer().await;
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_claim_keeps_nobody_waiting(stage: Stage) {
    let mut inside = 1;
    stage.guest().await;
    let last = std::sync::Mutex::new(None);
    abandoned_at_every_step(
        &stage,
        async || {
            stage.max_active(inside).await;
            let waiting = stage.newcomer().await.ticket;
            inside += 1;
            stage.max_active(inside).await;
            *last.lock().unwrap() = Some(waiting);
            waiting
        },
        |ticket| stage.ports.room.claim(ticket.id, ticket.user),
        async || {
            let ticket = last.lock().unwrap().unwrap();
            let claimed = stage.ports.room.claim(ticket.id, ticket.user).await.unwrap();
            assert!(claimed.is_some_and(|ticket| !ticket.is_unclaimed()), "expected the turn to be claimed");
            stage.leave(ticket.id).await;
            stage.guest().await;
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_registration_is_there_as_a_whole_or_not_at_all(stage: Stage) {
    abandoned_at_every_step(
        &stage,
        async || {
            let id = new_id::<domain::ids::UserId>();
            domain::identity::User {
                id,
                name: domain::text::Name::new("A fan").unwrap(),
                email: domain::identity::Email::new(&format!("{id}@example.org")).unwrap(),
                registered_at: stage.now(),
            }
        },
        |user| {
            let users = stage.ports.users.clone();
            async move { users.add(&user, &domain::identity::PasswordHash("hash".into())).await }
        },
        async || {
            stage.user().await;
        },
    )
    .await;
    let halves = "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM wallets)";
    assert_eq!(stage.number(halves).await, 0, "expected every user to have a wallet");
}

async fn abandoned_jobs_keep_nobody_waiting(stage: Stage) {
    let show = stage.schedule().await;
    let ports = &stage.ports;
    abandoned_at_every_step(
        &stage,
        async || {
            let guest = stage.guest().await;
            stage.hold_that_ran_out(guest, &show, &[1]).await;
        },
        |()| ports.inventory.tidy_run_out_holds(100),
        async || {
            ports.inventory.tidy_run_out_holds(100).await.unwrap();
        },
    )
    .await;
    let untidied = "SELECT count(*) FROM reservations WHERE status = 'RESERVED'";
    assert_eq!(stage.number(untidied).await, 0, "expected every hold that ran out to be noted");
    let guest = stage.guest().await;
    abandoned_at_every_step(
        &stage,
        async || {
            let keyed = crate::stage::keyed(&uuid::Uuid::now_v7().to_string());
            let charged = BalanceCharged { keyed, ..stage.decide_charge(guest, Money::from_units(1)) };
            ports.wallets.commit_charge(&charged).await.unwrap();
            stage.now() + chrono::Duration::hours(1)
        },
        |later| ports.idempotency.forget_before(later, 100),
        async || {
            let later = stage.now() + chrono::Duration::hours(1);
            ports.idempotency.forget_before(later, 100).await.unwrap();
        },
    )
    .await;
    assert_eq!(stage.number("SELECT count(*) FROM idempotency_records").await, 0);
    stage.check_invariants().await;
}

async fn an_abandoned_hold_keeps_nobody_waiting(stage: Stage) {
    let (show, other) = (stage.schedule().await, stage.guest().await);
    let mut seat = 0;
    let five_minutes = chrono::Duration::minutes(5);
    abandoned_at_every_step(
        &stage,
        async || {
            seat = seat % 50 + 1;
            stage.decide_hold(stage.guest().await, &show, &[seat], five_minutes).await
        },
        |held| {
            let inventory = stage.ports.inventory.clone();
            async move { inventory.commit_hold(&held).await }
        },
        async || {
            // Every seat, so that the one in question is among them; whether they are had does not matter.
            let all: Vec<_> = (1..=50).collect();
            let held = stage.decide_hold(other, &show, &all, -five_minutes).await;
            stage.ports.inventory.commit_hold(&held).await.unwrap();
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_cancellation_keeps_nobody_waiting(stage: Stage) {
    let (show, other) = (stage.schedule().await, stage.guest().await);
    let five_minutes = chrono::Duration::minutes(5);
    abandoned_at_every_step(
        &stage,
        async || {
            let guest = stage.guest().await;
            let held = stage.decide_hold(guest, &show, &[1, 2], chrono::Duration::milliseconds(200)).await;
            // The hold before may count still, if its cancellation was not begun; then this one is no hold.
            stage.ports.inventory.commit_hold(&held).await.unwrap();
            guest.decide_cancel(&held.reservation)
        },
        |released| {
            let inventory = stage.ports.inventory.clone();
            async move { inventory.commit_cancel(&released).await }
        },
        async || {
            let held = stage.decide_hold(other, &show, &[2, 3], -five_minutes).await;
            stage.ports.inventory.commit_hold(&held).await.unwrap();
        },
    )
    .await;
    stage.check_invariants().await;
}

/// Somebody with a hold of one seat, and what it costs.
async fn payer(stage: &Stage, seat: i64, show: &domain::reservation::Show) -> domain::payment::Settlement {
    let guest = stage.guest().await;
    let reservation = stage.hold(guest, show, &[seat]).await;
    stage.charge(guest, PRICE).await;
    stage.decide_payment(guest, &reservation)
}

async fn an_abandoned_payment_keeps_nobody_waiting(stage: Stage) {
    let show = stage.schedule().await;
    let (mut seat, last) = (0, std::sync::Mutex::new(None));
    abandoned_at_every_step(
        &stage,
        async || {
            seat += 1;
            let settlement = payer(&stage, seat, &show).await;
            *last.lock().unwrap() = Some(settlement.clone());
            settlement
        },
        |settlement| {
            let payments = stage.ports.payments.clone();
            async move { payments.commit_payment(&settlement).await }
        },
        async || {
            // The same wallet, reservation, ticket and seat once more: all that the payment may have locked.
            let settlement = last.lock().unwrap().clone().unwrap();
            stage.ports.payments.commit_payment(&settlement).await.unwrap();
            let balance = stage.ports.wallets.balance(settlement.payment.user).await.unwrap();
            assert_eq!(balance, Money::ZERO, "expected it to be paid once, by one of both");
        },
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_charge_keeps_nobody_waiting(stage: Stage) {
    let guest = stage.guest().await;
    abandoned_at_every_step(
        &stage,
        async || stage.decide_charge(guest, Money::from_units(1)),
        |charged| {
            let wallets = stage.ports.wallets.clone();
            async move { wallets.commit_charge(&charged).await }
        },
        async || stage.charge(guest, Money::from_units(1)).await,
    )
    .await;
    stage.check_invariants().await;
}

async fn an_abandoned_schedule_is_there_as_a_whole_or_not_at_all(stage: Stage) {
    let template = stage.schedule().await;
    let (schedule, seats) = stage.ports.catalog.seats(template.schedule).await.unwrap().unwrap();
    abandoned_at_every_step(
        &stage,
        async || {
            let schedule = domain::catalog::Schedule { id: new_id(), ..schedule.clone() };
            let copy = |seat: &domain::catalog::Seat| domain::catalog::Seat {
                id: new_id(),
                schedule: schedule.id,
                ..seat.clone()
            };
            let seats: Vec<_> = seats.iter().map(copy).collect();
            (schedule, seats)
        },
        |(schedule, seats)| {
            let catalog = stage.ports.catalog.clone();
            async move { catalog.add_schedule(&schedule, &seats).await }
        },
        async || {
            let whole = stage.ports.catalog.schedules(template.concert, stage.now()).await.unwrap();
            assert!(
                whole.iter().all(|listed| listed.available_seats == 50),
                "expected all seats or no schedule"
            );
        },
    )
    .await;
}

/// Lets tasks run for one turn of the scheduler more each, and ends them wherever they are.
async fn abort_all<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) {
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        tokio::task::yield_now().await;
        task.abort();
        let ended = task.await;
        assert!(!ended.is_err_and(|error| error.is_panic()), "expected nothing to panic");
    }
}

async fn many_who_go_away_at_once_use_nothing_up(stage: Stage) {
    let show = stage.schedule().await;
    for round in 0..4 {
        let users = stage.at_the_same_time((0..40).map(|_| stage.user())).await;
        let room = &stage.ports.room;
        abort_all(users.clone().into_iter().map(|user| {
            let room = room.clone();
            async move { room.join(Newcomer { user, ticket: new_id() }).await }
        }))
        .await;

        let mut settlements = Vec::new();
        for place in 1..=10 {
            settlements.push(payer(&stage, round * 10 + place, &show).await);
        }
        abort_all(settlements.clone().into_iter().map(|settlement| {
            let payments = stage.ports.payments.clone();
            async move { payments.commit_payment(&settlement).await }
        }))
        .await;

        // More at once than the store has connections: each must be there again.
        let joined = at_once(join_all(users.into_iter().map(async |user| {
            match room.join(Newcomer { user, ticket: new_id() }).await.unwrap() {
                Joined::Issued(ticket) | Joined::Again(ticket) => Guest { user, ticket: ticket.id },
                other => panic!("expected a ticket, got {other:?}"),
            }
        })))
        .await;
        let leaving = joined.into_iter().map(|guest| stage.leave(guest.ticket));
        at_once(join_all(leaving)).await;
        let paying = settlements.iter().map(|settlement| stage.ports.payments.commit_payment(settlement));
        for outcome in at_once(join_all(paying)).await {
            outcome.unwrap();
        }
    }
    let paid = "SELECT count(*) FROM reservations WHERE status = 'PAID'";
    assert_eq!(stage.number(paid).await, 40, "expected every hold to be paid in the end");
    stage.check_invariants().await;
}
