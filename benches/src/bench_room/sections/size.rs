//! What depends on how many wait: nothing should.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::reservation::GIVEN_BACK_TOLD_AFTER;
use encore_benches::{
    http::Connection,
    load::{once, repeat},
    process::{computed, memory},
    report::{Report, decimals, median},
    room::{Kind, Room, policy},
};
use encore_tests::service::Instance;

const MANY: u64 = 1_000_000;
const FEW: u64 = 1_000;
/// Those who had their turn before, where many wait.
const SERVED: u64 = 200_000;
/// Turns that are live from the start.
const INSIDE: u64 = 100;
const ROUNDS: usize = 7;
const POLLERS: usize = 48;
const POLLS_LAST: Duration = Duration::from_secs(2);
/// Tokens whose owners ask, spread evenly over the queue.
const ASKING: u64 = 20_000;
const LEAVES: u64 = 300;
const RATIO: f64 = 1.2;
const DAY: Duration = Duration::from_hours(24);

/// A room and its instance.
struct Side {
    room: Room,
    instance: Instance,
    address: SocketAddr,
    /// The numbers up to this one have left or have their turn.
    left: u64,
    issued: u64,
}

pub(crate) async fn measure(report: &mut Report) {
    for kind in Kind::ALL {
        let policy = policy(u32::try_from(INSIDE).unwrap(), DAY, DAY);
        let empty = Room::new(kind, &policy).await;
        let few = Room::filled(kind, &policy, 0, FEW + INSIDE).await;
        let many = Room::filled(kind, &policy, SERVED, MANY + INSIDE).await;
        report.heading(&format!("{}: {MANY} who wait against {FEW}", kind.name()));
        report.text(&format!("Where {MANY} wait, {SERVED} had their turn before; {INSIDE} are inside.\n"));
        let many = start(report, many, &empty).await;
        let (instance, address) = few.serve(&[]).await;
        let few = Side { room: few, instance, address, left: 0, issued: FEW + INSIDE };
        for side in [&few, &many] {
            side.room.wait_for_turns(i64::try_from(INSIDE).unwrap()).await;
        }
        let mut sides = [few, many];
        poll(report, &sides).await;
        admit(report, &mut sides).await;
    }
}

/// Starts an instance on a full room, beside one on an empty one.
async fn start(report: &mut Report, room: Room, empty: &Room) -> Side {
    let (nobody, _) = empty.serve(&[]).await;
    let began = Instant::now();
    let (instance, address) = room.serve(&[]).await;
    let listens = began.elapsed();
    let answer =
        Connection::open(address).await.ask(&room.request(SERVED + MANY, "GET", "/queue/status")).await;
    let answers = began.elapsed();
    assert_eq!(answer.status, 200);
    room.wait_for_turns(i64::try_from(INSIDE).unwrap()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ((empty, _), (full, most)) = (memory(nobody.id()), memory(instance.id()));
    let a_waiter = full.saturating_sub(empty) as f64 / MANY as f64;
    let megabytes = |bytes: u64| decimals(bytes as f64 / 1e6, 1);
    report.table(
        &["start with a million who wait", ""],
        &[
            vec!["listens after".into(), format!("{} s", decimals(listens.as_secs_f64(), 2))],
            vec![
                "has answered a status poll after".into(),
                format!("{} s", decimals(answers.as_secs_f64(), 2)),
            ],
            vec!["resident memory then".into(), format!("{} MB", megabytes(full))],
            vec!["the most until then".into(), format!("{} MB", megabytes(most))],
            vec!["resident memory with an empty room".into(), format!("{} MB", megabytes(empty))],
            vec!["bytes a waiter".into(), decimals(a_waiter, 1)],
        ],
    );
    report.verdict("a start takes at most 5 s", answers <= Duration::from_secs(5));
    report.verdict("memory at most 16 bytes a waiter", a_waiter <= 16.0);
    Side { room, instance, address, left: SERVED, issued: SERVED + MANY + INSIDE }
}

/// What a side has cost in one round.
#[derive(Default)]
struct Round {
    a_second: f64,
    half: f64,
    most: f64,
    /// Microseconds of the instance's own computing for each request.
    instance: f64,
    /// The same of the store's server.
    server: f64,
}

fn ratios(report: &mut Report, what: &str, rounds: &[[Round; 2]]) -> f64 {
    type Figure = (&'static str, fn(&Round) -> f64);
    let figures: [Figure; 5] = [
        ("requests a second", |round| round.a_second),
        ("p50, ms", |round| round.half / 1e3),
        ("p99, ms", |round| round.most / 1e3),
        ("computing of the instance, µs a request", |round| round.instance),
        ("computing of the store's server, µs a request", |round| round.server),
    ];
    let row = |(name, figure): &Figure| {
        let [few, many] = [0, 1].map(|side| median(rounds.iter().map(|round| figure(&round[side]))));
        let ratio = median(rounds.iter().map(|round| figure(&round[1]) / figure(&round[0])));
        let ratio = if ratio.is_finite() { decimals(ratio, 2) } else { String::new() };
        vec![(*name).to_owned(), decimals(few, 2), decimals(many, 2), ratio]
    };
    let head = [what, &format!("{FEW} wait"), &format!("{MANY} wait"), "ratio"];
    report.table(&head, &figures.iter().map(row).collect::<Vec<_>>());
    median(rounds.iter().map(|[few, many]| (many.instance + many.server) / (few.instance + few.server)))
}

async fn poll(report: &mut Report, sides: &[Side; 2]) {
    let requests = sides.each_ref().map(|side| {
        let waiting = side.issued - side.left - INSIDE;
        let asking = ASKING.min(waiting);
        let number = |place: u64| side.left + INSIDE + 1 + place * waiting / asking;
        Arc::new(
            (0..asking)
                .map(|place| side.room.request(number(place), "GET", "/queue/status"))
                .collect::<Vec<_>>(),
        )
    });
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut both = [Round::default(), Round::default()];
        // Who is first takes turns.
        for place in [round % 2, (round + 1) % 2] {
            let side = &sides[place];
            let before = computed(side.instance.id());
            let mut load = repeat(side.address, POLLERS, POLLS_LAST, &requests[place]).await;
            let used = computed(side.instance.id()).saturating_sub(before);
            both[place] = Round {
                a_second: load.a_second(),
                half: load.microseconds(0.5),
                most: load.microseconds(0.99),
                instance: used.as_secs_f64() * 1e6 / load.latencies.len() as f64,
                server: 0.0,
            };
        }
        // The first round warms both up.
        if round > 0 {
            rounds.push(both);
        }
    }
    let ratio = ratios(report, &format!("status polls, {POLLERS} connections, {ROUNDS} rounds"), &rounds);
    let promise = format!("a poll costs at most {RATIO} times as much (computing of the instance)");
    report.verdict(&promise, ratio <= RATIO);
    let (after, _) = memory(sides[1].instance.id());
    report.text(&format!(
        "Resident memory with {MANY} who wait, after {ASKING} of them all over the queue have asked: {} MB.\n",
        decimals(after as f64 / 1e6, 1)
    ));
}

/// Those inside leave, one after the other: each lets the next in. As many join as have left, between rounds. That it is
/// done is told a while after it is; the times are without that.
async fn admit(report: &mut Report, sides: &mut [Side; 2]) {
    let told_after = GIVEN_BACK_TOLD_AFTER.as_secs_f64() * 1e6;
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut both = [Round::default(), Round::default()];
        for place in [round % 2, (round + 1) % 2] {
            let side = &mut sides[place];
            let leaving = side.left + 1..=side.left + LEAVES;
            let requests: Vec<_> =
                leaving.map(|number| side.room.request(number, "DELETE", "/queue/tokens/current")).collect();
            let servers = side.room.servers().await;
            let computed_by_servers = || servers.iter().map(|id| computed(*id)).sum::<Duration>();
            let (before, before_servers) = (computed(side.instance.id()), computed_by_servers());
            let mut load = once(side.address, 1, requests, 204).await;
            let used = computed(side.instance.id()).saturating_sub(before);
            let used_by_servers = computed_by_servers().saturating_sub(before_servers);
            side.left += LEAVES;
            let each = |used: Duration| used.as_secs_f64() * 1e6 / LEAVES as f64;
            both[place] = Round {
                a_second: load.a_second(),
                half: load.microseconds(0.5) - told_after,
                most: load.microseconds(0.99) - told_after,
                instance: each(used),
                server: each(used_by_servers),
            };
            let joining = side.issued + 1..=side.issued + LEAVES;
            side.room.register(joining.clone()).await;
            side.room.fill(joining).await;
            side.issued += LEAVES;
        }
        if round > 0 {
            rounds.push(both);
        }
    }
    let title = format!(
        "leaves that each admit the next, one at a time, {ROUNDS} rounds of {LEAVES}; p50 and p99 without the {} ms \
         that an answer waits",
        GIVEN_BACK_TOLD_AFTER.as_millis()
    );
    let computing = ratios(report, &title, &rounds);
    let half = median(rounds.iter().map(|[few, many]| many.half / few.half));
    let promise = format!("an admission costs at most {RATIO} times as much (p50, and computing)");
    report.verdict(&promise, half <= RATIO && computing <= RATIO);
}
