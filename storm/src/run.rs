//! A whole storm: set up, let loose, stopped, and judged.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use encore_processes::{instance::command, postgres_server::PostgresServer};
use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    directory::Directory,
    fans::{Account, Fan},
    faults::{Kills, Processes},
    history::{Clock, History, Moment, Rules},
    judge::{self, Violation},
    operator::{Operator, id_of, set_up},
    settings::{CLAIM, HOLD, SEATS_AT_MOST, SESSION, Settings, StoreKind},
    stage::Stage,
    store::{Database, State},
    wire::{caller::Wires, gates::Gates},
};

/// How often the turns are counted.
const SAMPLED_EVERY: Duration = Duration::from_millis(250);
/// By how much an instant of the store's may differ from the storm's clock, in microseconds: its instances follow the
/// server's clock by asking it.
const SLACK: i64 = 100_000;

/// How long the service may take to find back to a store that is there again, in microseconds.
const FINDS_BACK: i64 = 20_000_000;

/// How long any answer may take, in microseconds. 5 seconds are promised, and doubled: a machine that runs the fans, the
/// instances and the store is busy, and may keep any of them waiting.
const ANSWERED_WITHIN: i64 = 10_000_000;

/// What came of a storm.
#[derive(Debug)]
pub struct Outcome {
    /// How large it was.
    pub settings: Settings,
    /// What everybody saw.
    pub history: History,
    /// What was there at the end.
    pub state: State,
    /// How often what was killed.
    pub kills: Kills,
    /// By how many seconds the clock of one instance was seen to be wrong, after each of its starts.
    pub skewed: Vec<i64>,
    /// How long it raged.
    pub lasted: Duration,
    /// How long it was judged.
    pub judged: Duration,
    /// What should not have been.
    pub violations: Vec<Violation>,
}

/// Lets a storm loose and judges it.
pub async fn run(settings: Settings) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let (database, url, server) = make_database(&settings, &folder).await;
    let wires = Arc::new(Wires {
        gates: Gates::new(settings.instances()),
        clock: Clock::start(),
        directory: Directory::default(),
        calls: AtomicU64::new(0),
    });
    let mut processes = Processes::start(settings.clone(), url, server).await;
    let (stage, accounts) = prepare(&settings, &wires, &processes).await;

    let began = Instant::now();
    let (calls, kills, samples, outages) = rage(&stage, accounts, &mut processes, &database).await;
    let lasted = began.elapsed();
    processes.stop().await;
    database.wait_until_alone().await;
    let at_the_end = State::read(&database).await.unwrap();
    let clock = wires.clock;
    let rules = Rules {
        hold: micros(HOLD),
        session: micros(SESSION),
        claim: micros(CLAIM),
        max_active: i64::from(settings.max_active()),
        seats_at_most: SEATS_AT_MOST,
        finds_back: FINDS_BACK,
        answered_within: ANSWERED_WITHIN,
        slack: SLACK + clock.drift(),
    };
    let (fans, schedules) = (wires.directory.fans(), wires.directory.schedules());
    let history = History { rules, clock, fans, schedules, calls, samples, outages };
    let judging = Instant::now();
    let violations = judge::judge(&history, &at_the_end);
    let judged = judging.elapsed();
    Outcome {
        settings,
        history,
        state: at_the_end,
        kills,
        skewed: processes.skews(),
        lasted,
        judged,
        violations,
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap()
}

async fn make_database(settings: &Settings, folder: &TempDir) -> (Database, String, Option<PostgresServer>) {
    match settings.store {
        StoreKind::Sqlite => {
            let path = folder.path().join("encore.db");
            let url = format!("sqlite://{}", path.display());
            (Database::Sqlite(path), url, None)
        }
        StoreKind::Postgres => {
            let server = if settings.durable {
                PostgresServer::start_durable().await
            } else {
                PostgresServer::start().await
            };
            let url = server.url();
            let migrated = command("encore", &url, &[]).arg("migrate").status().await.unwrap();
            assert!(migrated.success(), "encore migrate fails");
            (Database::Postgres(url.clone()), url, Some(server))
        }
    }
}

/// Registers everybody, and makes the concert.
async fn prepare(
    settings: &Settings,
    wires: &Arc<Wires>,
    processes: &Processes,
) -> (Arc<Stage>, Vec<Account>) {
    processes.open_all(&wires.gates);
    let mut rng = settings.generator_of(u64::from(u32::MAX));
    let key = encore_processes::instance::ADMIN_KEY;
    let concert = set_up(wires, &mut rng, key, "/admin/concerts", &json!({"name": "The storm"})).await;
    let stage = Arc::new(Stage::new(settings.clone(), Arc::clone(wires), id_of(&concert, "concertId")));
    let registering = (0..settings.fans).map(|number| register(wires, number, rng.fork()));
    let accounts = join_all(registering).await;
    wires.directory.set_fans(accounts.iter().map(|account| account.user).collect());
    (stage, accounts)
}

async fn register(wires: &Wires, number: u16, mut rng: Rng) -> Account {
    let email = format!("fan-{number}@example.org");
    let body = json!({"name": "A fan", "email": email, "password": "a password of the storm"});
    let user = set_up(wires, &mut rng, "none", "/users", &body).await;
    let session = set_up(wires, &mut rng, "none", "/sessions", &body).await;
    let access_token = session["accessToken"].as_str().expect("a session has an access token").to_owned();
    Account { user: id_of(&user, "userId"), access_token }
}

type Samples = Vec<(Moment, i64)>;

/// Lets fans, operator and faults loose until there were enough of calls and of kills.
async fn rage(
    stage: &Arc<Stage>,
    accounts: Vec<Account>,
    processes: &mut Processes,
    database: &Database,
) -> (Vec<crate::history::Call>, Kills, Samples, Vec<(Moment, Moment)>) {
    let operator = tokio::spawn(Operator::begin(Arc::clone(stage)).await.live());
    let fans: Vec<_> = accounts
        .into_iter()
        .zip(0..)
        .map(|(account, number)| tokio::spawn(Fan::new(Arc::clone(stage), number, account).live()))
        .collect();
    let raging = async {
        let (suffered, ()) = tokio::join!(processes.suffer(stage), enough_calls(stage));
        stage.end();
        suffered
    };
    let ((kills, outages), samples) = tokio::join!(raging, sample(stage, database));
    let mut calls = operator.await.unwrap();
    for fan in fans {
        calls.extend(fan.await.unwrap());
    }
    (calls, kills, samples, outages)
}

async fn enough_calls(stage: &Stage) {
    while stage.calls() < stage.settings.operations {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Counts the turns again and again; tells when which were live.
async fn sample(stage: &Stage, database: &Database) -> Samples {
    let mut samples = vec![];
    while !stage.is_over() {
        // While the server is away nobody can count.
        if let Ok(live) = database.live_turns().await {
            samples.push((stage.wires.clock.now(), live));
        }
        sleep(SAMPLED_EVERY).await;
    }
    samples
}

impl Outcome {
    /// How many calls there were of each kind, and how they ended.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(&'static str, String), u64> {
        let mut counts = BTreeMap::new();
        for call in &self.history.calls {
            *counts.entry((call.ask.name(), judge::outcome_of(call))).or_default() += 1;
        }
        counts
    }
}
