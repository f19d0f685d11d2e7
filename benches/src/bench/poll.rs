//! Status polls of those who wait.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::BareHandler,
    findings::Target,
    generator::{Expected, Order, Requests, Tally},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    scene::{DAY, Scene},
};

const FEW: u64 = 1_000;
const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(2);
/// Tokens whose owners ask, at most, spread evenly over the queue.
const ASKING: u64 = 20_000;
const LIMIT: &str = "bare handler";
const EXPECTED: &[Expected] = &[Expected { status: 200, mark: "\"WAITING\"" }];

struct Polls {
    scene: Scene,
    bare: BareHandler,
    requests: Arc<Requests>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let title = format!("Status polls, {FEW} waiting, {}", kind.name());
        let rounds = hold(&mut Polls::among(kind, FEW).await, bench.rounds).await;
        let about = format!(
            "{CONNECTIONS} connections ask over and over for {} s. The limit is a bare handler that checks the same \
             token, within the service's own middleware.",
            LASTS.as_secs()
        );
        rounds.file(&mut bench.findings, &title, about, LIMIT, Some(Target::AtLeast(0.8)));
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
}

impl Contest for Polls {
    async fn prepare(&mut self) {}

    fn scene(&self) -> &Scene {
        &self.scene
    }

    fn load(&mut self) -> Load {
        let requests = Arc::clone(&self.requests);
        Load { requests, connections: CONNECTIONS, order: Order::Over, lasts: LASTS, expected: EXPECTED }
    }

    async fn check(&mut self, _tally: &Tally) {}

    async fn limit(&mut self) -> Run {
        self.load().ask_limit(self.bare.address, self.bare.id()).await
    }
}
