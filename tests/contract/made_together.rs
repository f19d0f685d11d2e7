//! Changes of many that arrive at the same moment: each is made or not by itself, whatever becomes of the others.

use chrono::Duration;
use domain::{
    catalog::Occupancy,
    commit::Commit,
    money::Money,
    payment::Settlement,
    reservation::SeatsHeld,
    storage::StorageError,
    waiting_room::{EndReason, TicketState},
    wallet::{BalanceCharged, LedgerEntry},
};
use encore_tests::databases::Session;
use futures_util::future::join_all;

use crate::stage::{Guest, Stage, at_once, committed, ended, keyed};

encore_tests::on_every_store! {
    crate::stage;
    holds_that_arrive_together_are_made_or_not_each_by_itself,
    charges_that_arrive_together_are_made_or_not_each_by_itself,
    payments_that_arrive_together_are_made_or_not_each_by_itself,
    claims_that_arrive_together_are_made_or_not_each_by_itself,
    whoever_can_not_claim_a_turn_locks_nothing,
    whoever_holds_and_charges_twice_at_once_does_both,
    what_somebody_has_locked_keeps_only_those_waiting_who_need_it,
    a_hold_is_all_or_none_although_the_sale_closes_in_the_middle_of_it,
}

const FIVE_MINUTES: Duration = Duration::minutes(5);
/// How many arrive together.
const CROWD: usize = 40;

fn price() -> Money {
    Money::from_units(1)
}

async fn hold_all(stage: &Stage, holds: &[SeatsHeld]) -> Vec<Commit<()>> {
    let commits = holds.iter().map(|held| stage.ports.inventory.commit_hold(held));
    stage.at_the_same_time(commits).await.into_iter().map(Result::unwrap).collect()
}

async fn charge_all(stage: &Stage, charges: &[BalanceCharged]) -> Vec<Commit<LedgerEntry>> {
    let commits = charges.iter().map(|charged| stage.ports.wallets.commit_charge(charged));
    stage.at_the_same_time(commits).await.into_iter().map(Result::unwrap).collect()
}

async fn pay_all(stage: &Stage, settlements: &[Settlement]) -> Vec<Commit<Money>> {
    let commits = settlements.iter().map(|settlement| stage.ports.payments.commit_payment(settlement));
    stage.at_the_same_time(commits).await.into_iter().map(Result::unwrap).collect()
}

fn is_made<T>(outcome: &Commit<T>) -> bool {
    matches!(outcome, Commit::Committed(_))
}

/// Which of a crowd are to be refused.
fn is_refused(place: usize) -> bool {
    place % 4 == 3
}

fn expect_only_the_others_made<T: std::fmt::Debug>(outcomes: &[Commit<T>]) {
    for (place, outcome) in outcomes.iter().enumerate() {
        let (expected, why) = if is_refused(place) { (false, "refused") } else { (true, "made") };
        assert_eq!(is_made(outcome), expected, "expected number {place} to be {why}, got {outcome:?}");
    }
}

/// Of every four a turn that has ended, a seat that is taken, or a key that is used.
async fn holds_that_arrive_together_are_made_or_not_each_by_itself(stage: Stage) {
    let (guests, show) = (stage.guests(CROWD).await, stage.schedule().await);
    let mut holds = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        let seat = i64::try_from(place).unwrap() + 1;
        let mut held = stage.decide_hold(*guest, &show, &[seat], FIVE_MINUTES).await;
        held.keyed = keyed("the-same-for-everybody");
        match place % 12 {
            3 => stage.leave(guest.ticket).await,
            7 => drop(stage.hold(stage.guest().await, &show, &[seat]).await),
            11 => {
                let other = stage.schedule().await;
                let used = SeatsHeld {
                    keyed: held.keyed.clone(),
                    ..stage.decide_hold(*guest, &other, &[1], FIVE_MINUTES).await
                };
                assert!(is_made(&stage.ports.inventory.commit_hold(&used).await.unwrap()));
            }
            _ => {}
        }
        holds.push(held);
    }
    expect_only_the_others_made(&hold_all(&stage, &holds).await);
    stage.check_invariants().await;
}

/// Of every four a turn that has ended, a wallet that would hold too much, or a key that is used.
async fn charges_that_arrive_together_are_made_or_not_each_by_itself(stage: Stage) {
    let guests = stage.guests(CROWD).await;
    let mut charges = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        let amount = Money::from_minor(i64::try_from(place).unwrap() + 1);
        let mut charged =
            BalanceCharged { keyed: keyed("the-same-for-everybody"), ..stage.decide_charge(*guest, amount) };
        match place % 12 {
            3 => stage.leave(guest.ticket).await,
            7 => {
                stage.charge(*guest, Money::from_units(10)).await;
                charged.balance_at_most = Money::from_units(9);
            }
            11 => {
                let used =
                    BalanceCharged { keyed: charged.keyed.clone(), ..stage.decide_charge(*guest, price()) };
                assert!(is_made(&stage.ports.wallets.commit_charge(&used).await.unwrap()));
            }
            _ => {}
        }
        charges.push(charged);
    }
    let outcomes = charge_all(&stage, &charges).await;
    expect_only_the_others_made(&outcomes);
    for (charged, outcome) in charges.iter().zip(outcomes) {
        let Commit::Committed(entry) = outcome else { continue };
        let told = (entry.id, entry.user, entry.sequence, entry.amount, entry.balance_after);
        assert_eq!(told, (charged.entry, charged.user, 1, charged.amount, charged.amount));
    }
    stage.check_invariants().await;
}

/// Of every four a turn that has ended, a balance that is too small, or a hold that has run out.
async fn payments_that_arrive_together_are_made_or_not_each_by_itself(stage: Stage) {
    let (guests, show) = (stage.guests(CROWD).await, stage.schedule().await);
    let mut settlements = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        let seat = i64::try_from(place).unwrap() + 1;
        let reservation = stage.hold(*guest, &show, &[seat]).await;
        if place % 12 != 7 {
            stage.charge(*guest, [reservation.total_price, price()].into_iter().sum()).await;
        }
        settlements.push(stage.decide_payment(*guest, &reservation));
        match place % 12 {
            3 => stage.leave(guest.ticket).await,
            11 => stage.run_out_hold(&reservation).await,
            _ => {}
        }
    }
    let outcomes = pay_all(&stage, &settlements).await;
    expect_only_the_others_made(&outcomes);
    let left = outcomes.into_iter().filter_map(|outcome| match outcome {
        Commit::Committed(balance) => Some(balance),
        Commit::Stale => None,
    });
    assert!(left.into_iter().all(|balance| balance == price()), "expected each to be told the own balance");
    stage.check_invariants().await;
}

/// Of every three that have their turn, one has left it, and one is asked for by a stranger; the last ones wait.
async fn claims_that_arrive_together_are_made_or_not_each_by_itself(stage: Stage) {
    const ADMITTED: usize = CROWD - 10;
    stage.max_active(1).await;
    let (_inside, stranger) = (stage.guest().await, stage.user().await);
    let mut tickets = Vec::new();
    for _ in 0..CROWD {
        tickets.push(stage.newcomer().await.ticket);
    }
    stage.max_active(i64::try_from(ADMITTED).unwrap() + 1).await;
    stage.max_active(1).await;
    for ticket in tickets[..ADMITTED].iter().skip(1).step_by(3) {
        stage.leave(ticket.id).await;
    }
    let claims = tickets.iter().enumerate().map(|(place, ticket)| {
        let is_strangers = place < ADMITTED && place % 3 == 2;
        stage.ports.room.claim(ticket.id, if is_strangers { stranger } else { ticket.user })
    });
    for (place, claimed) in stage.at_the_same_time(claims).await.into_iter().enumerate() {
        let found = claimed.unwrap().map(|ticket| (ticket.id == tickets[place].id, ticket.state));
        let is_as_expected = match (found, place % 3) {
            (Some((true, state)), _) if place >= ADMITTED => state == TicketState::Waiting,
            (Some((true, state)), 0) => matches!(state, TicketState::Active { claimed: true, .. }),
            (Some((true, state)), 1) => state == ended(EndReason::Left),
            (None, 2) => true,
            _ => false,
        };
        assert!(is_as_expected, "number {place} is told another outcome: {found:?}");
    }
    let claimed = stage.number("SELECT count(*) FROM queue_tickets WHERE claimed_at IS NOT NULL").await;
    assert_eq!(claimed, 1 + 10, "expected those to be claimed that their owners have asked for");
}

async fn whoever_holds_and_charges_twice_at_once_does_both(stage: Stage) {
    let guest = stage.guest().await;
    let (first, second) = (stage.schedule().await, stage.schedule().await);
    let holds = [
        stage.decide_hold(guest, &first, &[1, 2], FIVE_MINUTES).await,
        stage.decide_hold(guest, &second, &[1, 2], FIVE_MINUTES).await,
    ];
    assert_eq!(committed(&hold_all(&stage, &holds).await), 2);
    let charges = [stage.decide_charge(guest, price()), stage.decide_charge(guest, price())];
    assert_eq!(committed(&charge_all(&stage, &charges).await), 2);
    assert_eq!(stage.ports.wallets.balance(guest.user).await.unwrap(), Money::from_units(2));
}

/// A clock for connections to come, which goes on by a second each time it is asked.
const HASTY_CLOCK: &str = "
    CREATE SEQUENCE ticks;
    CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS 'SELECT statement_timestamp() + nextval(''ticks'') * interval ''1 second''';
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
    END $$";

/// A file's clock is asked once a change.
async fn a_hold_is_all_or_none_although_the_sale_closes_in_the_middle_of_it(stage: Stage) {
    let Some(session) = stage.database.session().await else { return };
    session.run(HASTY_CLOCK).await;
    for second in 0..15 {
        let (guest, show) = (stage.guest().await, stage.schedule().await);
        let held = stage.decide_hold(guest, &show, &[1, 2, 3, 4], FIVE_MINUTES).await;
        let closes = stage.instant(stage.now() + Duration::milliseconds(second * 1_000 + 500));
        let schedule = stage.id(show.schedule.0);
        stage.sql(&format!("UPDATE schedules SET sales_close_at = {closes} WHERE id = {schedule}")).await;
        session.run("ALTER SEQUENCE ticks RESTART").await;
        let outcome = stage.ports.inventory.commit_hold(&held).await.unwrap();
        let expected = if is_made(&outcome) { 4 } else { 0 };
        let seats = stage.seats(&show).await;
        let got = seats.iter().filter(|seat| seat.occupancy != Occupancy::Free).count();
        assert_eq!(got, expected, "expected all seats or none, for a sale that closes after {second} s");
    }
    stage.check_invariants().await;
}

/// A transaction that has a row locked until it is rolled back.
async fn locked(session: &Session, table: &str, condition: &str) {
    session.run(&format!("BEGIN; SELECT 1 FROM {table} WHERE {condition} FOR UPDATE")).await;
}

/// A file has one writer, and knows no locks of rows.
async fn what_somebody_has_locked_keeps_only_those_waiting_who_need_it(stage: Stage) {
    let Some(session) = stage.database.session().await else { return };
    let (guests, show) = (stage.guests(CROWD).await, stage.schedule().await);
    let mut holds = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        holds
            .push(stage.decide_hold(*guest, &show, &[i64::try_from(place).unwrap() + 1], FIVE_MINUTES).await);
    }
    locked(&session, "seats", "seat_number = 1").await;
    let commits = holds.iter().map(|held| stage.ports.inventory.commit_hold(held));
    expect_the_first_to_wait(&session, commits.collect()).await;

    locked(&session, "wallets", &format!("user_id = {}", stage.id(guests[0].user.0))).await;
    let charges: Vec<_> =
        guests.iter().map(|guest| stage.decide_charge(*guest, Money::from_units(900))).collect();
    let commits = charges.iter().map(|charged| stage.ports.wallets.commit_charge(charged));
    expect_the_first_to_wait(&session, commits.collect()).await;

    stage.sql("UPDATE queue_tickets SET claimed_at = NULL").await;
    locked(&session, "queue_tickets", &ticket_of(&stage, guests[0])).await;
    let claims = guests.iter().map(|guest| claim(&stage, *guest));
    expect_the_first_to_wait(&session, claims.collect()).await;

    locked(&session, "queue_tickets", &ticket_of(&stage, guests[0])).await;
    let pay = |held: &SeatsHeld, guest: &Guest| stage.decide_payment(*guest, &held.reservation);
    let settlements: Vec<_> = holds.iter().zip(&guests).map(|(held, guest)| pay(held, guest)).collect();
    let commits = settlements.iter().map(|settlement| stage.ports.payments.commit_payment(settlement));
    expect_the_first_to_wait(&session, commits.collect()).await;
    stage.check_invariants().await;
}

async fn claim(stage: &Stage, guest: Guest) -> Result<Commit<()>, StorageError> {
    let found = stage.ports.room.claim(guest.ticket, guest.user).await?;
    let is_claimed = found.is_some_and(|ticket| !ticket.is_unclaimed());
    Ok(if is_claimed { Commit::Committed(()) } else { Commit::Stale })
}

/// A crowd that only asks how its tickets are writes nothing. A file has no locks of rows.
async fn whoever_can_not_claim_a_turn_locks_nothing(stage: Stage) {
    if stage.database.session().await.is_none() {
        return;
    }
    let [inside, gone] = [stage.guest().await, stage.guest().await];
    stage.leave(gone.ticket).await;
    stage.max_active(1).await;
    let waiting = stage.newcomer().await.ticket;
    let waiting = Guest { user: waiting.user, ticket: waiting.id };
    let locked = async || {
        stage.database.texts("SELECT number || ': ' || xmax AS text FROM queue_tickets ORDER BY number").await
    };
    let before = locked().await;
    for guest in [inside, gone, waiting] {
        let found = stage.ports.room.claim(guest.ticket, guest.user).await.unwrap();
        assert_eq!(found.map(|ticket| ticket.id), Some(guest.ticket), "expected to be told of the ticket");
    }
    assert_eq!(locked().await, before, "expected no row to be locked or changed");
}

fn ticket_of(stage: &Stage, guest: Guest) -> String {
    format!("id = {}", stage.id(guest.ticket.0))
}

/// Insists that all changes but the first are made while a row is locked, and the first when it is not any more.
async fn expect_the_first_to_wait<T: std::fmt::Debug>(
    session: &Session,
    mut changes: Vec<impl Future<Output = Result<Commit<T>, StorageError>>>,
) {
    let others = changes.split_off(1);
    let mut first = Box::pin(changes.remove(0));
    let outcomes = tokio::select! {
        biased;
        outcome = &mut first => panic!("expected it to wait for the locked row, got {outcome:?}"),
        outcomes = at_once(join_all(others)) => outcomes,
    };
    for outcome in outcomes {
        assert!(is_made(&outcome.unwrap()), "expected the others not to wait");
    }
    session.run("ROLLBACK").await;
    assert!(is_made(&at_once(first).await.unwrap()), "expected it to be made in the end");
}
