//! Status polls of those who wait.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::BareHandler,
    findings::{Spread, Target, Verdict},
    generator::{Expected, Order, Requests, Tally},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    scene::{DAY, Scene},
};

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// How many times more a poll may cost where many wait.
const MANY_AT_MOST: f64 = 1.25;
const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(1);
/// Tokens whose owners ask, at most, spread evenly over the queue.
const ASKING: u64 = 20_000;
const LIMIT: &str = "bare handler";
const EXPECTED: &[Expected] = &[Expected { status: 200, mark: "\"WAITING\"" }];

struct Polls {
    scene: Scene,
    requests: Arc<Requests>,
    beside: Beside,
}

/// Whoever is asked in turn with the service.
enum Beside {
    Bare(Box<BareHandler>),
    /// Another instance, on a room of its own.
    Room(Box<Polls>),
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let mut few = Polls::among(kind, FEW).await;
        polls(bench, &mut few, kind, FEW).await;
        let mut many = Polls::among(kind, MANY).await;
        polls(bench, &mut many, kind, MANY).await;
        many.beside = Beside::Room(Box::new(few));
        let rounds = hold(&mut many, bench.rounds).await;
        let verdict = rounds.verdict(&format!("Status polls, {}", kind.name()), "", None);
        let Spread { median, least, most } = verdict.value;
        bench.findings.judge(Verdict {
            work: format!("Status polls, {MANY} waiting against {FEW}, {}", kind.name()),
            limit: format!("{FEW} waiting{}", verdict.limit),
            // How many times more a poll costs.
            value: Spread { median: 1.0 / median, least: 1.0 / most, most: 1.0 / least },
            target: Some(Target::AtMost(MANY_AT_MOST)),
            ..verdict
        });
    }
}

async fn polls(bench: &mut Bench, polls: &mut Polls, kind: Kind, waiting: u64) {
    let title = format!("Status polls, {waiting} waiting, {}", kind.name());
    let rounds = hold(polls, bench.rounds).await;
    let about = format!(
        "{CONNECTIONS} connections ask over and over for {} s. The limit is a bare handler that checks the same token, \
         within the service's own middleware.",
        LASTS.as_secs()
    );
    rounds.file(&mut bench.findings, &title, about, LIMIT, Some(Target::AtLeast(0.8)));
}

impl Polls {
    /// One is inside, so that nobody is admitted, and so many wait.
    async fn among(kind: Kind, waiting: u64) -> Self {
        let room = Room::new(kind, &policy(1, DAY, DAY)).await;
        room.register_without_money(1..=waiting + 1).await;
        room.admit_in_bulk(1..=1).await;
        room.fill(2..=waiting + 1).await;
        let asking = ASKING.min(waiting);
        let numbers = (0..asking).map(|place| 2 + place * waiting / asking);
        let requests = Arc::new(room.requests(numbers, "GET", "/queue/status"));
        let beside = Beside::Bare(Box::new(BareHandler::start(&[]).await));
        Self { scene: Scene::start(room).await, requests, beside }
    }

    fn polls(&self) -> Load {
        let requests = Arc::clone(&self.requests);
        Load { requests, connections: CONNECTIONS, order: Order::Over, lasts: LASTS, expected: EXPECTED }
    }
}

impl Contest for Polls {
    async fn prepare(&mut self) {}

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        self.polls()
    }

    async fn check(&mut self, _tally: &Tally) {}

    async fn limit(&mut self) -> Run {
        match &self.beside {
            Beside::Bare(bare) => self.polls().ask_limit(bare.address, bare.id()).await,
            Beside::Room(other) => {
                other.polls().ask_limit(other.scene.address, other.scene.instance.id()).await
            }
        }
    }
}
