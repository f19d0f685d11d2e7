//! Status polls of those who wait.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::BareHandler,
    findings::{Target, Work},
    generator::{Expected, Order, Plan, Requests, closed_loop},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Run, hold},
    scene::Scene,
    spent::Meter,
};

const FEW: u64 = 1_000;
const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(2);
/// Tokens whose owners ask, at most, spread evenly over the queue.
const ASKING: u64 = 20_000;
const DAY: Duration = Duration::from_hours(24);
const LIMIT: &str = "bare handler";

struct Polls {
    scene: Scene,
    bare: BareHandler,
    requests: Arc<Requests>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let title = format!("Status polls, {FEW} waiting, {}", kind.name());
        let mut polls = Polls::among(kind, FEW).await;
        let rounds = hold(&mut polls, bench.rounds).await;
        bench.findings.judge(rounds.verdict(&title, LIMIT, Target::AtLeast(0.8)));
        let about = format!(
            "{CONNECTIONS} connections ask over and over for {} s. The limit is a bare handler that checks the same \
             token, within the service's own middleware.",
            LASTS.as_secs()
        );
        let (tables, curves) = (vec![rounds.table(LIMIT)], rounds.curves(LIMIT));
        bench.findings.add(Work { title, about, tables, curves });
    }
}

impl Polls {
    /// One is inside, so that nobody is admitted, and so many wait.
    async fn among(kind: Kind, waiting: u64) -> Self {
        let room = Room::new(kind, &policy(1, DAY, DAY)).await;
        room.register(1..=waiting + 1).await;
        room.admit_in_bulk(1..=1).await;
        room.fill(2..=waiting + 1).await;
        let asking = ASKING.min(waiting);
        let numbers = (0..asking).map(|place| 2 + place * waiting / asking);
        let requests = Arc::new(room.requests(numbers, "GET", "/queue/status"));
        Self { scene: Scene::start(room).await, bare: BareHandler::start(&[]).await, requests }
    }

    fn plan(&self, address: std::net::SocketAddr) -> Plan {
        let requests = Arc::clone(&self.requests);
        let expected = &[Expected { status: 200, mark: "\"WAITING\"" }];
        Plan { address, connections: CONNECTIONS, requests, order: Order::Over, lasts: LASTS, expected }
    }
}

impl Contest for Polls {
    async fn prepare(&mut self) {}

    async fn service(&mut self) -> Run {
        let meter = Meter::start(self.scene.instance.id(), None).await;
        let tally = closed_loop(self.plan(self.scene.address)).await.insist();
        Run::of(&tally, meter.each(tally.count()))
    }

    async fn limit(&mut self) -> Run {
        let meter = Meter::start(self.bare.id(), None).await;
        let tally = closed_loop(self.plan(self.bare.address)).await.insist();
        Run::of(&tally, meter.each(tally.count()))
    }
}
