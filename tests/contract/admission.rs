//! The waiting room as its operator knows it: how many are inside, and who is next.

use adapter_persistence::Store;
use chrono::Duration;
use domain::{
    ids::TicketId,
    reservation::Show,
    waiting_room::{
        AdmissionStrategy, Bounded, EndReason, Joined, Newcomer, PolicyChange, RoomPolicy, RoomState, Ticket,
        TicketState,
    },
};

use crate::stage::{Guest, Stage, at_once, ended, is_active, new_id, no_change};

encore_tests::on_every_store! {
    crate::stage;
    who_came_first_is_admitted_first,
    nobody_is_admitted_while_no_slot_is_free,
    an_admitted_turn_waits_for_its_owner_as_long_as_the_policy_says,
    a_newcomer_never_overtakes_who_waits,
    simultaneous_admissions_fill_each_slot_once,
    at_no_moment_are_more_inside_than_may_be,
    instances_together_let_no_more_inside_than_may_be,
    whoever_admits_waits_for_whoever_has_the_room_locked,
    a_turn_that_ran_out_makes_room_for_who_waits,
    a_turn_that_ran_out_makes_room_for_who_joins,
    a_turn_runs_out_by_itself,
    a_lowered_cap_throws_nobody_out,
    a_raised_cap_admits_more,
    a_paused_room_takes_nobody_and_admits_nobody,
    a_draining_room_takes_nobody_and_admits_who_waits,
    a_closed_room_still_tells_who_is_in_it,
    a_fixed_rate_counts_admissions_and_not_who_is_inside,
    a_fixed_rate_admits_again_when_the_interval_is_over,
    admissions_that_were_not_used_do_not_add_up,
    both_bounds_hold_at_once,
    a_change_of_policy_leaves_what_it_does_not_name,
    every_part_of_a_policy_can_be_changed,
    simultaneous_changes_of_policy_do_not_undo_each_other,
    a_policy_that_is_there_survives_another_start,
}

fn people(number: i64) -> Option<Bounded> {
    Some(Bounded::new(number).unwrap())
}

async fn admit(stage: &Stage) -> u64 {
    stage.ports.room.admit().await.unwrap()
}

/// A room for `inside` with as many in it, and tickets of those who wait.
async fn full_room(stage: &Stage, inside: usize, waiting: usize) -> (Vec<Guest>, Vec<TicketId>) {
    stage.max_active(i64::try_from(inside).unwrap()).await;
    let guests = stage.guests(inside).await;
    let mut tickets = Vec::new();
    for _ in 0..waiting {
        let ticket = stage.newcomer().await.ticket;
        assert_eq!(ticket.state, TicketState::Waiting, "expected the room to be full");
        tickets.push(ticket.id);
    }
    (guests, tickets)
}

/// Which of the tickets have the turn.
async fn inside(stage: &Stage, tickets: &[TicketId]) -> Vec<bool> {
    let mut active = Vec::new();
    for ticket in tickets {
        active.push(is_active(&stage.ticket(*ticket).await));
    }
    active
}

async fn join_closed(stage: &Stage) {
    let newcomer = Newcomer { user: stage.user().await, ticket: new_id() };
    let joined = stage.without_a_trace(stage.ports.room.join(newcomer)).await.unwrap();
    assert_eq!(joined, Joined::Closed);
}

async fn who_came_first_is_admitted_first(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 3, 5).await;
    stage.run_out_turn(guests[0].ticket).await;
    stage.run_out_turn(guests[2].ticket).await;
    assert_eq!(admit(&stage).await, 2);
    assert_eq!(inside(&stage, &waiting).await, [true, true, false, false, false]);
    stage.run_out_turn(guests[1].ticket).await;
    assert_eq!(admit(&stage).await, 1);
    assert_eq!(inside(&stage, &waiting).await, [true, true, true, false, false]);
}

async fn nobody_is_admitted_while_no_slot_is_free(stage: Stage) {
    let (_, waiting) = full_room(&stage, 2, 2).await;
    assert_eq!(stage.without_a_trace(admit(&stage)).await, 0);
    assert_eq!(inside(&stage, &waiting).await, [false, false]);
}

async fn an_admitted_turn_waits_for_its_owner_as_long_as_the_policy_says(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 1, 1).await;
    stage.change_policy(PolicyChange { claim: Some(Duration::seconds(77)), ..no_change() }).await;
    stage.run_out_turn(guests[0].ticket).await;
    let before = stage.now();
    assert_eq!(admit(&stage).await, 1);
    let TicketState::Active { expires_at, .. } = stage.ticket(waiting[0]).await.state else {
        panic!("expected a turn");
    };
    let tolerance = Duration::seconds(1);
    let (soonest, latest) = (before - tolerance, stage.now() + tolerance);
    let admitted_at = expires_at - Duration::seconds(77);
    assert!(
        soonest <= admitted_at && admitted_at <= latest,
        "expected a turn of 77 seconds, until {expires_at}"
    );
}

async fn a_newcomer_never_overtakes_who_waits(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 2, 2).await;
    stage.run_out_turn(guests[0].ticket).await;
    let newcomer = stage.newcomer().await;
    assert_eq!(newcomer.ticket.state, TicketState::Waiting, "expected a free slot to be for who came first");
    assert_eq!(newcomer.ahead, 1);
    assert_eq!(inside(&stage, &[waiting[0], waiting[1], newcomer.ticket.id]).await, [true, false, false]);
}

async fn simultaneous_admissions_fill_each_slot_once(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 4, 12).await;
    for guest in guests {
        stage.run_out_turn(guest.ticket).await;
    }
    let admitted: u64 = stage.at_the_same_time((0..10).map(|_| admit(&stage))).await.into_iter().sum();
    assert_eq!(admitted, 4);
    let inside = inside(&stage, &waiting).await;
    assert_eq!(inside, (0..12).map(|place| place < 4).collect::<Vec<_>>(), "expected the first four inside");
}

const COUNT_INSIDE: &str = "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'";
const COUNT_OVERTAKEN: &str = "SELECT count(*) FROM queue_tickets AS earlier, queue_tickets AS later \
                               WHERE earlier.number < later.number AND earlier.admitted_at > later.admitted_at";

/// Joins, waits for the turn while helping others to theirs, and pays or leaves.
async fn visit(stage: &Stage, ports: &adapter_persistence::Ports, show: &Show, place: i64) {
    let newcomer = Newcomer { user: stage.user().await, ticket: new_id() };
    let Joined::Issued(mut ticket) = ports.room.join(newcomer).await.unwrap() else {
        panic!("expected a new ticket");
    };
    while !is_active(&ticket) {
        ports.room.admit().await.unwrap();
        ticket = ports.room.find(newcomer.ticket).await.unwrap().expect("there is such a ticket");
    }
    let guest = Guest { user: newcomer.user, ticket: newcomer.ticket };
    if place % 2 == 0 {
        stage.hold_and_pay(guest, show, &[place + 1]).await;
    } else {
        ports.room.leave(guest.ticket).await.unwrap();
    }
    ports.room.admit().await.unwrap();
}

/// Goes on counting who is inside until `visits` are over; tells the most there ever were.
async fn most_inside_during(stage: &Stage, visits: impl Future<Output = Vec<()>>) -> i64 {
    let mut visits = std::pin::pin!(visits);
    let mut most = 0;
    loop {
        let count = stage.number(COUNT_INSIDE);
        tokio::select! {
            _ = &mut visits => return most.max(stage.number(COUNT_INSIDE).await),
            count = count => most = most.max(count),
        }
    }
}

async fn at_no_moment_are_more_inside_than_may_be(stage: Stage) {
    let show = stage.schedule().await;
    stage.max_active(3).await;
    let visits = stage.at_the_same_time((0..24).map(|place| visit(&stage, &stage.ports, &show, place)));
    let most = most_inside_during(&stage, visits).await;
    assert!(most <= 3, "expected at most 3 inside, saw {most}");
    assert_eq!(stage.number(COUNT_INSIDE).await, 0, "expected everybody to have come and gone");
    assert_eq!(stage.number(COUNT_OVERTAKEN).await, 0, "expected nobody to have overtaken anybody");
    stage.check_invariants().await;
}

async fn instances_together_let_no_more_inside_than_may_be(stage: Stage) {
    let show = stage.schedule().await;
    let other = Store::open(&stage.database.address(), 20).await.unwrap().ports();
    stage.max_active(2).await;
    let visits = stage.at_the_same_time((0..12).map(|place| {
        let ports = if place % 3 == 0 { &other } else { &stage.ports };
        visit(&stage, ports, &show, place)
    }));
    let most = most_inside_during(&stage, visits).await;
    assert!(most <= 2, "expected at most 2 inside, saw {most}");
    assert_eq!(stage.number(COUNT_OVERTAKEN).await, 0, "expected nobody to have overtaken anybody");
}

/// A file has one writer, and knows no locks of rows.
async fn whoever_admits_waits_for_whoever_has_the_room_locked(stage: Stage) {
    let Some(session) = stage.database.session().await else { return };
    session.run("BEGIN; SELECT 1 FROM waiting_room FOR NO KEY UPDATE").await;
    let waits = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while stage.number(waiting).await == 0 {}
    };
    let mut admitting = Box::pin(stage.ports.room.admit());
    tokio::select! {
        biased;
        admitted = &mut admitting => panic!("expected it to wait for the room's lock, got {admitted:?}"),
        () = waits => {}
    }
    session.run("ROLLBACK").await;
    assert_eq!(at_once(admitting).await.unwrap(), 0, "expected nobody to be admitted");
}

async fn a_turn_that_ran_out_makes_room_for_who_waits(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 2, 2).await;
    stage.run_out_turn(guests[1].ticket).await;
    assert_eq!(admit(&stage).await, 1);
    assert_eq!(inside(&stage, &waiting).await, [true, false]);
    assert_eq!(stage.ticket(guests[1].ticket).await.state, ended(EndReason::TimedOut));
    assert!(is_active(&stage.ticket(guests[0].ticket).await), "expected the other turn to go on");
    let id = stage.id(guests[1].ticket.0);
    let on_time = format!("SELECT count(*) FROM queue_tickets WHERE id = {id} AND ended_at = expires_at");
    assert_eq!(stage.number(&on_time).await, 1, "expected it to have ended when it ran out");
}

async fn a_turn_that_ran_out_makes_room_for_who_joins(stage: Stage) {
    let (guests, _) = full_room(&stage, 1, 0).await;
    stage.run_out_turn(guests[0].ticket).await;
    assert!(is_active(&stage.newcomer().await.ticket), "expected to be admitted at once");
    assert_eq!(stage.ticket(guests[0].ticket).await.state, ended(EndReason::TimedOut));
}

async fn a_turn_runs_out_by_itself(stage: Stage) {
    stage.change_policy(PolicyChange { session: Some(Duration::seconds(1)), ..no_change() }).await;
    let (guests, waiting) = full_room(&stage, 1, 1).await;
    assert_eq!(admit(&stage).await, 0, "expected the turn to last a second");
    let ran_out = async {
        while stage.ticket(guests[0].ticket).await.state_at(stage.now()) != ended(EndReason::TimedOut) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), ran_out)
        .await
        .expect("the turn runs out in a second");
    // The store's own clock decides, which may be behind by what a question takes to be answered.
    let admitted = async { while admit(&stage).await == 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), admitted).await.expect("who waits is admitted");
    let state = stage.ticket(waiting[0]).await.state;
    assert!(!matches!(state, TicketState::Waiting), "expected to have been admitted, got {state:?}");
}

async fn a_lowered_cap_throws_nobody_out(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 4, 1).await;
    stage.max_active(2).await;
    let tickets: Vec<_> = guests.iter().map(|guest| guest.ticket).collect();
    for left in 0..3 {
        assert_eq!(admit(&stage).await, 0, "expected nobody to be admitted after {left} have left");
        assert!(
            inside(&stage, &tickets[left..]).await.into_iter().all(|active| active),
            "expected all to stay"
        );
        stage.run_out_turn(tickets[left]).await;
    }
    assert_eq!(admit(&stage).await, 1);
    assert_eq!(inside(&stage, &waiting).await, [true]);
}

async fn a_raised_cap_admits_more(stage: Stage) {
    let (_, waiting) = full_room(&stage, 1, 4).await;
    stage.max_active(3).await;
    assert_eq!(inside(&stage, &waiting).await, [true, true, false, false], "expected nobody to have to ask");
}

async fn change_state(stage: &Stage, state: RoomState) {
    stage.change_policy(PolicyChange { state: Some(state), ..no_change() }).await;
}

async fn a_paused_room_takes_nobody_and_admits_nobody(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 1, 1).await;
    change_state(&stage, RoomState::Paused).await;
    join_closed(&stage).await;
    stage.leave(guests[0].ticket).await;
    assert_eq!(admit(&stage).await, 0);
    assert_eq!(inside(&stage, &waiting).await, [false]);
    change_state(&stage, RoomState::Open).await;
    assert_eq!(
        inside(&stage, &waiting).await,
        [true],
        "expected who waited to be admitted when the room is open again"
    );
    assert_eq!(stage.newcomer().await.ticket.number, 3, "expected who was refused to have taken no number");
}

async fn a_draining_room_takes_nobody_and_admits_who_waits(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 1, 1).await;
    change_state(&stage, RoomState::Draining).await;
    join_closed(&stage).await;
    stage.run_out_turn(guests[0].ticket).await;
    assert_eq!(admit(&stage).await, 1);
    assert_eq!(inside(&stage, &waiting).await, [true]);
}

async fn a_closed_room_still_tells_who_is_in_it(stage: Stage) {
    let (guests, waiting) = full_room(&stage, 1, 1).await;
    for state in [RoomState::Paused, RoomState::Draining] {
        change_state(&stage, state).await;
        for ticket in [guests[0].ticket, waiting[0]] {
            let live: Ticket = stage.ticket(ticket).await;
            let newcomer = Newcomer { user: live.user, ticket: new_id() };
            let joined = stage.ports.room.join(newcomer).await.unwrap();
            let Joined::Again(again) = joined else { panic!("expected the live ticket, got {joined:?}") };
            assert_eq!(again, live, "{state:?}");
        }
    }
}

/// A room that admits so many in ten minutes.
async fn fixed_rate(stage: &Stage, admit_count: i64) {
    stage
        .change_policy(PolicyChange {
            strategy: Some(AdmissionStrategy::FixedRate),
            max_active: people(1),
            admit_count: people(admit_count),
            interval: Some(Duration::minutes(10)),
            ..no_change()
        })
        .await;
}

/// Lets a ticket have been admitted so long ago.
async fn admitted_before(stage: &Stage, ticket: TicketId, ago: Duration) {
    let (id, then) = (stage.id(ticket.0), stage.instant(stage.now() - ago));
    stage.sql(&format!("UPDATE queue_tickets SET admitted_at = {then} WHERE id = {id}")).await;
}

async fn a_fixed_rate_counts_admissions_and_not_who_is_inside(stage: Stage) {
    fixed_rate(&stage, 3).await;
    let guests = stage.guests(3).await;
    let waiting = stage.newcomer().await.ticket;
    assert_eq!(waiting.state, TicketState::Waiting, "expected three admissions in the interval");
    for guest in guests {
        stage.leave(guest.ticket).await;
    }
    assert_eq!(admit(&stage).await, 0, "expected who has left to count as admitted all the same");
}

async fn a_fixed_rate_admits_again_when_the_interval_is_over(stage: Stage) {
    fixed_rate(&stage, 2).await;
    let guests = stage.guests(2).await;
    let waiting = [stage.newcomer().await.ticket.id, stage.newcomer().await.ticket.id];
    admitted_before(&stage, guests[0].ticket, Duration::seconds(590)).await;
    assert_eq!(admit(&stage).await, 0, "expected the interval not to be over");
    admitted_before(&stage, guests[0].ticket, Duration::seconds(601)).await;
    assert_eq!(admit(&stage).await, 1, "expected one admission to be due");
    assert_eq!(inside(&stage, &waiting).await, [true, false]);
}

async fn admissions_that_were_not_used_do_not_add_up(stage: Stage) {
    fixed_rate(&stage, 2).await;
    let first = stage.guest().await;
    admitted_before(&stage, first.ticket, Duration::hours(5)).await;
    stage.guests(2).await;
    assert_eq!(
        stage.newcomer().await.ticket.state,
        TicketState::Waiting,
        "expected two admissions an interval"
    );
}

async fn both_bounds_hold_at_once(stage: Stage) {
    stage
        .change_policy(PolicyChange {
            strategy: Some(AdmissionStrategy::Both),
            max_active: people(2),
            admit_count: people(3),
            interval: Some(Duration::minutes(10)),
            ..no_change()
        })
        .await;
    let guests = stage.guests(2).await;
    for _ in 0..2 {
        assert_eq!(stage.newcomer().await.ticket.state, TicketState::Waiting, "expected two inside at most");
    }
    stage.run_out_turn(guests[0].ticket).await;
    stage.run_out_turn(guests[1].ticket).await;
    assert_eq!(admit(&stage).await, 1, "expected three admissions an interval at most");
}

async fn a_change_of_policy_leaves_what_it_does_not_name(stage: Stage) {
    let changed = stage.change_policy(PolicyChange { max_active: people(7), ..no_change() }).await;
    let expected = RoomPolicy { max_active: Bounded::new(7).unwrap(), ..RoomPolicy::default() };
    assert_eq!(changed, expected);
    assert_eq!(stage.overview().await.policy, expected);
    assert_eq!(stage.change_policy(no_change()).await, expected);
}

async fn every_part_of_a_policy_can_be_changed(stage: Stage) {
    stage.newcomer().await;
    for (strategy, state) in [
        (AdmissionStrategy::FixedRate, RoomState::Paused),
        (AdmissionStrategy::Both, RoomState::Draining),
        (AdmissionStrategy::MaxActive, RoomState::Open),
    ] {
        let change = PolicyChange {
            strategy: Some(strategy),
            max_active: people(1_000_000),
            admit_count: people(3),
            interval: Some(Duration::seconds(4)),
            session: Some(Duration::days(1)),
            claim: Some(Duration::seconds(6)),
            state: Some(state),
        };
        let expected = change.apply_to(RoomPolicy::default());
        assert_eq!(stage.change_policy(change).await, expected);
        assert_eq!(stage.overview().await.policy, expected);
    }
    assert_eq!(stage.newcomer().await.ticket.number, 2, "expected the numbers to go on");
}

async fn simultaneous_changes_of_policy_do_not_undo_each_other(stage: Stage) {
    stage.open_every_connection().await;
    for round in 1..=10 {
        let seconds = Some(Duration::seconds(round));
        tokio::join!(
            stage.change_policy(PolicyChange { max_active: people(round), ..no_change() }),
            stage.change_policy(PolicyChange { admit_count: people(round), ..no_change() }),
            stage.change_policy(PolicyChange { interval: seconds, ..no_change() }),
            stage.change_policy(PolicyChange { session: seconds, ..no_change() }),
            stage.change_policy(PolicyChange { claim: seconds, ..no_change() }),
        );
        let policy = stage.overview().await.policy;
        let bound = Bounded::new(round).unwrap();
        assert_eq!((policy.max_active, policy.admit_count), (bound, bound), "in round {round}");
        let durations = [policy.interval, policy.session, policy.claim].map(Some);
        assert_eq!(durations, [seconds; 3], "in round {round}");
    }
}

async fn a_policy_that_is_there_survives_another_start(stage: Stage) {
    let changed = stage.change_policy(PolicyChange { max_active: people(7), ..no_change() }).await;
    stage.newcomer().await;
    let started = Store::open(&stage.database.address(), 2).await.unwrap();
    started.set_first_policy(&RoomPolicy::default()).await.unwrap();
    let reading = started.ports().room.read_room(None).await.unwrap();
    assert_eq!((reading.policy, reading.last_number), (changed, 1));
}
