//! Storms: many who want one seat.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::{BareHandler, PROBLEM},
    findings::Target,
    generator::{Connection, Expected, Order, Requests, Tally},
    hall::{Place, SEATS, hold_request},
    room::Kind,
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    scene::{Scene, room_of_admitted},
};

/// How many attempts there are, over how many connections, and the ratio to reach.
const STORMS: [(u64, usize, Option<Target>); 2] =
    [(1_000, 10, None), (10_000, 100, Some(Target::AtLeast(0.9)))];
const LASTS: Duration = Duration::from_secs(30);
const LIMIT: &str = "bare handler that refuses";
const EXPECTED: &[Expected] = &[Expected::CREATED, Expected { status: 409, mark: "\"SEAT_TAKEN\"" }];

struct Storm {
    scene: Scene,
    bare: BareHandler,
    tokens: Vec<String>,
    connections: usize,
    /// The date whose first seat is wanted in the next run.
    next_schedule: u64,
    requests: Arc<Requests>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        for (attempts, connections, target) in STORMS {
            let title = format!(
                "Storm on one seat, {attempts} attempts over {connections} connections, {}",
                kind.name()
            );
            let rounds =
                hold(&mut Storm::of(kind, attempts, connections, bench.rounds).await, bench.rounds).await;
            let about = "Everybody whose turn it is wants the same seat, a new one in each round; one gets it, all \
                         others are told that it is taken. The limit is a bare handler that checks the same token, \
                         reads the body, and answers with the very refusal of the service."
                .to_owned();
            rounds.file(&mut bench.findings, &title, about, LIMIT, target);
        }
    }
}

impl Storm {
    async fn of(kind: Kind, attempts: u64, connections: usize, rounds: usize) -> Self {
        let room = room_of_admitted(kind, attempts).await;
        // Beside the rounds: one that does not count, one at a fixed rate, and the refusal that the limit repeats.
        room.put_schedules(1, 1..=rounds as u64 + 3).await;
        let tokens: Vec<_> = (1..=attempts).map(|number| room.token(number)).collect();
        let scene = Scene::start(room).await;
        let problem = refusal(scene.address, &tokens).await;
        let bare = BareHandler::start(&[(PROBLEM, &problem)]).await;
        Self { scene, bare, tokens, connections, next_schedule: 2, requests: Arc::default() }
    }
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

impl Contest for Storm {
    async fn prepare(&mut self) {
        let place = Place((self.next_schedule - 1) * SEATS);
        self.next_schedule += 1;
        self.requests = Arc::new(self.tokens.iter().map(|token| hold_request(token, place, None)).collect());
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    fn load(&mut self) -> Load {
        let (requests, connections) = (Arc::clone(&self.requests), self.connections);
        Load { requests, connections, order: Order::Once, lasts: LASTS, expected: EXPECTED }
    }

    async fn check(&mut self, tally: &Tally) {
        assert_eq!(tally.counts[0], 1, "expected one winner");
    }

    async fn limit(&mut self) -> Run {
        let load = Load { expected: &EXPECTED[1..], ..self.load() };
        load.ask_limit(self.bare.address, self.bare.id()).await
    }
}
