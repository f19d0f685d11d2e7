//! A storm: many fans, an operator who can not leave the policy alone, and instances that are killed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use encore_tests::{
    databases::Database,
    history::{
        answers::{Told, check_answers},
        checker::{check, statuses_at_the_end},
        events::{Change, Moment, Reason, Status},
        recorder,
        violation::report,
    },
    on_every_store,
    service::{INSTANCES, Instance, Service},
};
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    fans::{self, PRICE, SEATS, Stage},
    gates::{Gates, SETTINGS, start_scheduler},
    operator::{operate, passed_or_over},
};

on_every_store! { super::service;
    ten_thousand_tokens_in_a_storm_break_no_promise,
}

/// Fans that are there at the same time, at most.
const AT_ONCE: usize = 100;
const SCHEDULES: usize = 48;
/// How long a storm may take at most; it is over in much less.
const PATIENCE: Duration = Duration::from_mins(8);

/// How large a storm is, and from what its choices follow.
#[derive(Clone, Copy)]
struct Size {
    visits: u64,
    seed: u64,
}

impl Size {
    /// The usual one, unless `STORM_VISITS` or `STORM_SEED` say otherwise.
    fn read() -> Self {
        let number = |name: &str, usual| {
            std::env::var(name).map_or(usual, |text| text.parse().expect("a storm's setting is a number"))
        };
        Self { visits: number("STORM_VISITS", 10_000), seed: number("STORM_SEED", 20_261_120) }
    }

    /// The generator that a visit's choices come from, whenever the visit is made.
    fn generator_of(self, visit: u64) -> Rng {
        // Spread out, so that neighbours do not begin alike.
        Rng::with_seed(self.seed ^ (visit + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

mod service {
    use super::{Database, INSTANCES, SETTINGS, Service};

    pub(super) async fn sqlite() -> Service {
        Service::start(Database::sqlite().await, 1, SETTINGS).await
    }

    pub(super) async fn postgres() -> Service {
        Service::start(Database::postgres().await, INSTANCES, SETTINGS).await
    }
}

async fn ten_thousand_tokens_in_a_storm_break_no_promise(mut service: Service) {
    let size = Size::read();
    println!("{} visits, seed {}", size.visits, size.seed);
    recorder::install(&service.database).await;
    let stage = set_up(&service, size).await;
    let difference = recorder::clock_difference(&service.database).await;
    let mut instances = std::mem::take(service.instances());
    let database = service.database;

    let began = Instant::now();
    let storm = storm(&database, &mut instances, stage, size);
    let (mut answers, kills) = timeout(PATIENCE, storm).await.expect("the storm is over in time");
    println!("{} answers within {:?}", answers.len(), began.elapsed());
    for told in &mut answers {
        told.sent += difference;
        told.received += difference;
    }

    let history = recorder::read(&database).await;
    assert_whole(&history, &database, size).await;
    assert_eventful(&history, kills, size);
    let judging = Instant::now();
    let mut violations = check(&history);
    violations.extend(check_answers(&history, &answers));
    println!("{} moments judged within {:?}", history.len(), judging.elapsed());
    assert!(violations.is_empty(), "seed {}:\n{}", size.seed, report(&violations));
}

async fn set_up(service: &Service, size: Size) -> Stage {
    service.policy(json!({"maxActive": 100, "sessionSeconds": 3, "claimSeconds": 2})).await;
    let seats = json!([{"from": 1, "to": SEATS, "grade": "R", "price": PRICE}]);
    let show = service.concert_with(seats.clone()).await;
    let more = (1..SCHEDULES).map(|_| service.schedule(show.concert, seats.clone()));
    let mut schedules = join_all(more).await;
    schedules.push(show.schedule);
    for visits in (0..size.visits).collect::<Vec<_>>().chunks(1_000) {
        register(&service.database, visits).await;
    }
    Stage { concert: show.concert, schedules }
}

fn user(visit: u64) -> Uuid {
    Uuid::from_u128(u128::from(visit) + 1)
}

async fn register(database: &Database, visits: &[u64]) {
    let now = match database {
        Database::Sqlite { .. } => "0",
        Database::Postgres { .. } => "now()",
    };
    let ids: Vec<_> = visits.iter().map(|visit| database.id(user(*visit))).collect();
    let users: Vec<_> = visits
        .iter()
        .zip(&ids)
        .map(|(visit, id)| format!("({id}, 'A fan', 'fan-{visit}@example.org', 'none', {now})"))
        .collect();
    let wallets: Vec<_> = ids.iter().map(|id| format!("({id})")).collect();
    let sql = format!(
        "INSERT INTO users (id, name, email, password_hash, registered_at) VALUES {};
         INSERT INTO wallets (user_id) VALUES {};",
        users.join(", "),
        wallets.join(", ")
    );
    database.try_sql(&sql).await.unwrap();
}

/// How often what was killed.
#[derive(Clone, Copy, Default)]
struct Kills {
    instances: usize,
    schedulers: usize,
}

impl Kills {
    /// The fewest instances that are killed, however small the storm.
    const FEWEST: usize = 3;

    fn time_to_the_next(self, rng: &mut Rng) -> Duration {
        let milliseconds = if self.instances < Self::FEWEST { 1_000..3_000 } else { 4_000..10_000 };
        Duration::from_millis(rng.u64(milliseconds))
    }
}

/// Lets everybody visit and waits until all are gone; tells what they were told.
async fn storm(
    database: &Database,
    instances: &mut [Instance],
    stage: Stage,
    size: Size,
) -> (Vec<Told>, Kills) {
    let gates = Arc::new(Gates::new(instances));
    let (over, is_over) = watch::channel(false);
    let crowd = async {
        let told = crowd(&gates, stage, size).await;
        over.send(true).unwrap();
        told
    };
    let mut choices = Rng::with_seed(size.seed);
    let operator = operate(&gates, choices.fork(), is_over.clone());
    let killer = kill(database, &gates, instances, choices.fork(), is_over);
    let (told, (), kills) = tokio::join!(crowd, operator, killer);
    println!("{} instances and {} schedulers killed", kills.instances, kills.schedulers);
    let turned_away = gates.turned_away();
    println!("{} calls cut off, {turned_away} turned away", gates.cut_off());
    assert!(turned_away < told.len() / 10, "{turned_away} calls found the store overloaded");
    (told, kills)
}

async fn crowd(gates: &Arc<Gates>, stage: Stage, size: Size) -> Vec<Told> {
    let (stage, next) = (Arc::new(stage), Arc::new(AtomicU64::new(0)));
    let comers = (0..AT_ONCE).map(|_| {
        let (gates, stage, next) = (Arc::clone(gates), Arc::clone(&stage), Arc::clone(&next));
        tokio::spawn(async move {
            let mut told = vec![];
            loop {
                let visit = next.fetch_add(1, Ordering::Relaxed);
                if visit >= size.visits {
                    return told;
                }
                told.extend(fans::visit(&gates, &stage, user(visit), size.generator_of(visit)).await);
            }
        })
    });
    join_all(comers).await.into_iter().flat_map(Result::unwrap).collect()
}

/// Kills instances, and the scheduler with them, until everybody is gone.
async fn kill(
    database: &Database,
    gates: &Gates,
    instances: &mut [Instance],
    mut rng: Rng,
    mut is_over: watch::Receiver<bool>,
) -> Kills {
    let mut kills = Kills::default();
    let url = database.url();
    let has_a_scheduler_of_its_own = matches!(database, Database::Postgres { .. });
    let mut scheduler = has_a_scheduler_of_its_own.then(|| start_scheduler(&url));
    while !passed_or_over(kills.time_to_the_next(&mut rng), &mut is_over).await {
        let chosen = rng.usize(..instances.len());
        gates.replace(&mut instances[chosen], &url).await;
        kills.instances += 1;
        if let Some(scheduler) = scheduler.as_mut().filter(|_| rng.u8(..3) == 0) {
            scheduler.kill().await.unwrap();
            *scheduler = start_scheduler(&url);
            kills.schedulers += 1;
        }
    }
    let live = "SELECT count(*) FROM queue_tickets WHERE status <> 'ENDED'";
    while database.number(live).await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    if let Some(mut scheduler) = scheduler {
        scheduler.kill().await.unwrap();
    }
    kills
}

/// A storm in which nothing happened shows nothing.
fn assert_eventful(history: &[Moment], kills: Kills, size: Size) {
    let changes = || history.iter().flat_map(|moment| &moment.changes);
    let policies = changes().filter(|change| matches!(change, Change::Policy)).count();
    println!("{policies} changes of the policy");
    assert!(policies >= 5, "the policy was changed {policies} times");
    assert!(kills.instances >= Kills::FEWEST, "{} instances were killed", kills.instances);
    for reason in [Reason::Paid, Reason::Left, Reason::TimedOut, Reason::NoShow] {
        let ended = |change: &&Change| matches!(change, Change::Ticket { after: Some(after), .. } if after.reason == Some(reason));
        let ended = changes().filter(ended).count();
        println!("{ended} tickets ended as {reason:?}");
        assert!(ended >= usize::try_from(size.visits / 100).unwrap(), "{ended} tickets ended as {reason:?}");
    }
}

/// The history tells of every ticket, and they are all over.
async fn assert_whole(history: &[Moment], database: &Database, size: Size) {
    let counts = statuses_at_the_end(history);
    let tickets = u64::try_from(database.number("SELECT count(*) FROM queue_tickets").await).unwrap();
    assert!(tickets >= size.visits, "{tickets} tokens were issued");
    let expected = HashMap::from([(Status::Ended, usize::try_from(tickets).unwrap())]);
    assert_eq!(counts, expected, "the history (left) tells of every ticket (right)");
    println!("{tickets} tokens issued");
}
