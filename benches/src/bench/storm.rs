//! Storms: many who want one seat.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use encore_benches::{
    bare_handler::{BareHandler, PROBLEM},
    findings::{Findings, Spread, Target, Verdict, decimals},
    generator::{Connection, Expected, Look, Order, Pace, Requests, Tally, View, stale_for, watch},
    hall::{Place, SEATS, hold_request, listing_path},
    http::request,
    report::percentile,
    room::Kind,
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold, runs_in},
    scene::{Scene, room_of_admitted},
};

/// What a storm is made of.
struct Setup {
    attempts: u64,
    connections: usize,
    /// Whether each attempt has an `Idempotency-Key`.
    keyed: bool,
    /// The ratio to reach.
    target: Option<Target>,
}

const STORMS: [Setup; 3] = [
    Setup { attempts: 1_000, connections: 10, keyed: false, target: None },
    Setup { attempts: 10_000, connections: 100, keyed: false, target: Some(Target::AtLeast(0.5)) },
    Setup { attempts: 10_000, connections: 100, keyed: true, target: None },
];
/// What a service is to reach that refuses from a memory of taken seats for as long as nobody corrects it. This one's looks
/// last for 20 ms: the other target is that of a service that asks the store.
const FROM_MEMORY: Target = Target::AtLeast(0.9);
const LASTS: Duration = Duration::from_secs(30);
const LIMIT: &str = "bare handler that refuses";
/// How often the seats are listed meanwhile, and for how long before, when nothing else happens.
const LISTED_EVERY: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(1_500);
/// How many times longer a listing may take meanwhile (p95), and for how many milliseconds it may tell what is over.
const LISTING_RATIO: f64 = 3.0;
const STALE_AT_MOST: f64 = 250.0;
const EXPECTED: &[Expected] = &[Expected::CREATED, Expected { status: 409, mark: "\"SEAT_TAKEN\"" }];

struct Storm {
    scene: Scene,
    bare: BareHandler,
    tokens: Vec<String>,
    connections: usize,
    keyed: bool,
    /// The date whose first seat is wanted.
    next_schedule: u64,
    requests: Arc<Requests>,
    watch: Option<Pace<bool>>,
    idle: Vec<Look>,
    /// What was seen of each run of the service.
    seen: Vec<Seen>,
}

/// What was seen of the wanted seat's date, in milliseconds.
struct Seen {
    /// How long each listing took, before the storm and in it.
    idle: Vec<f64>,
    meanwhile: Vec<f64>,
    /// For how long the seat was still told to be free when it no longer was.
    stale: f64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        for Setup { attempts, connections, keyed, target } in STORMS {
            let with_keys = if keyed { ", with keys" } else { "" };
            let title = format!(
                "Storm on one seat, {attempts} attempts over {connections} connections{with_keys}, {}",
                kind.name()
            );
            let mut storm = Storm::of(kind, attempts, connections, keyed, bench.rounds).await;
            let rounds = hold(&mut storm, bench.rounds).await;
            let about = "Everybody whose turn it is wants the same seat, a new one in each round; one gets it, all \
                         others are told that it is taken. The limit is a bare handler that checks the same token, \
                         reads the body, and answers with the very refusal of the service."
                .to_owned();
            rounds.file(&mut bench.findings, &title, about, LIMIT, target);
            if target.is_some() {
                let beside = format!("{title}: beside what refusing from memory alone is to reach");
                bench.findings.judge(rounds.verdict(&beside, LIMIT, Some(FROM_MEMORY)));
            }
            // Neither the first run nor those at a fixed rate count.
            let seen = &storm.seen[1..=bench.rounds];
            judge_listings(&mut bench.findings, &title, seen, target.is_some());
        }
    }
}

impl Storm {
    async fn of(kind: Kind, attempts: u64, connections: usize, keyed: bool, rounds: usize) -> Self {
        let room = room_of_admitted(kind, attempts).await;
        // The first is that of the refusal that the limit repeats.
        room.put_schedules(1, 1..=runs_in(rounds) as u64 + 1).await;
        let tokens: Vec<_> = (1..=attempts).map(|number| room.token(number)).collect();
        let scene = Scene::start(room).await;
        let problem = refusal(scene.address, &tokens).await;
        let bare = BareHandler::start(&[(PROBLEM, &problem)]).await;
        Self {
            scene,
            bare,
            tokens,
            connections,
            keyed,
            next_schedule: 1,
            requests: Arc::default(),
            watch: None,
            idle: Vec::new(),
            seen: Vec::new(),
        }
    }
}

fn judge_listings(findings: &mut Findings, title: &str, seen: &[Seen], is_judged: bool) {
    // A storm is over before many listings are made: those of all rounds together tell what one may expect.
    let [idle, meanwhile] = [p95(seen, |seen| &seen.idle), p95(seen, |seen| &seen.meanwhile)];
    let of_rounds = seen.iter().map(std::slice::from_ref);
    let ratios = of_rounds.map(|round| p95(round, |seen| &seen.meanwhile) / p95(round, |seen| &seen.idle));
    findings.judge(Verdict {
        work: format!("{title}: listing of seats meanwhile, p95"),
        figure: format!("{} ms", decimals(meanwhile, 2)),
        limit: format!("idle: {} ms", decimals(idle, 2)),
        value: Spread { median: meanwhile / idle, ..Spread::of(ratios) },
        unit: "",
        target: is_judged.then_some(Target::AtMost(LISTING_RATIO)),
    });
    let stale = Spread::of(seen.iter().map(|seen| seen.stale));
    findings.judge(Verdict {
        work: format!("{title}: a taken seat still listed, in the worst round"),
        figure: format!("{} ms", decimals(stale.most, 1)),
        limit: String::new(),
        value: Spread { median: stale.most, ..stale },
        unit: "ms",
        target: is_judged.then_some(Target::AtMost(STALE_AT_MOST)),
    });
}

fn p95(seen: &[Seen], took: fn(&Seen) -> &Vec<f64>) -> f64 {
    percentile(&mut seen.iter().flat_map(took).copied().collect::<Vec<_>>(), 0.95)
}

fn milliseconds<'a>(looks: impl Iterator<Item = &'a Look>) -> Vec<f64> {
    looks.map(|look| look.took().as_secs_f64() * 1e3).collect()
}

/// What the second who wants a seat is told.
async fn refusal(address: SocketAddr, tokens: &[String]) -> String {
    let mut connection = Connection::open(address).await.expect("the instance takes connections");
    let mut told = Vec::new();
    for token in &tokens[..2] {
        let answer = connection.ask(&hold_request(token, Place(0), None)).await;
        told = answer.expect("the instance answers").body.to_vec();
    }
    let told = String::from_utf8(told).expect("a refusal is a text");
    assert!(told.contains(EXPECTED[1].mark), "expected a refusal, got {told}");
    told
}

impl Storm {
    fn place(&self) -> Place {
        Place((self.next_schedule - 1) * SEATS)
    }

    /// Lists the seats of the date over and over: those that are free.
    async fn watch(&self) -> Pace<bool> {
        let path = listing_path(self.place().schedule());
        let request = request("GET", &path, self.tokens.last().map(String::as_str), None);
        let mark = "\"seatNumber\":1,".to_owned();
        watch(View { address: self.scene.address, request, every: LISTED_EVERY, mark }).await
    }

    fn load_of(&self, expected: &'static [Expected]) -> Load {
        let (requests, connections) = (Arc::clone(&self.requests), self.connections);
        Load { requests, connections, order: Order::Once, lasts: LASTS, expected }
    }

    fn see(&mut self, looks: &[Look], tally: &Tally, won_at: Instant) {
        let storm = tally.began..tally.began + tally.elapsed;
        self.seen.push(Seen {
            idle: milliseconds(self.idle.iter()),
            meanwhile: milliseconds(looks.iter().filter(|look| storm.contains(&look.due))),
            stale: stale_for(looks, won_at).as_secs_f64() * 1e3,
        });
    }
}

impl Contest for Storm {
    async fn prepare(&mut self) {
        self.next_schedule += 1;
        let place = self.place();
        let key = self.keyed.then(|| format!("storm-{}", self.next_schedule));
        let request = |token: &String| hold_request(token, place, key.as_deref());
        self.requests = Arc::new(self.tokens.iter().map(request).collect());
        let watch = self.watch().await;
        tokio::time::sleep(IDLE).await;
        self.idle = watch.stop().await;
        assert!(self.idle.iter().all(|look| look.told), "expected the seat to be free before the storm");
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        self.watch = Some(self.watch().await);
        self.load_of(EXPECTED)
    }

    async fn check(&mut self, tally: &Tally) {
        assert_eq!(tally.counts[0], 1, "expected one winner");
        let looks = self.watch.take().expect("somebody watches every run").stop().await;
        let won_at = tally.firsts[0].expect("there is a winner");
        self.see(&looks, tally, won_at);
    }

    async fn limit(&mut self) -> Run {
        self.load_of(&EXPECTED[1..]).ask_limit(self.bare.address, self.bare.id()).await
    }
}
