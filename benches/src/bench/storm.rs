//! Storms: many who want one seat.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::{BareHandler, PROBLEM},
    findings::{Target, Work},
    generator::{Connection, Expected, Order, Plan, Requests, Tally, closed_loop},
    hall::{Place, SEATS, hold_request},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Run, hold},
    scene::Scene,
    spent::Meter,
};

/// How many attempts there are, over how many connections.
const STORMS: [(u64, usize); 1] = [(10_000, 100)];
const LASTS: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);
const LIMIT: &str = "bare handler that refuses";
const EXPECTED: &[Expected] = &[Expected::CREATED, Expected { status: 409, mark: "\"SEAT_TAKEN\"" }];

struct Storm {
    scene: Scene,
    bare: BareHandler,
    tokens: Arc<Vec<String>>,
    connections: usize,
    /// The date whose first seat is wanted in the next round.
    next_schedule: u64,
    requests: Arc<Requests>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        for (attempts, connections) in STORMS {
            let title = format!(
                "Storm on one seat, {attempts} attempts over {connections} connections, {}",
                kind.name()
            );
            let mut storm = Storm::of(kind, attempts, connections, bench.rounds).await;
            let rounds = hold(&mut storm, bench.rounds).await;
            bench.findings.judge(rounds.verdict(&title, LIMIT, Target::AtLeast(0.9)));
            let about = "Everybody whose turn it is wants the same seat, a new one in each round; one gets it, all \
                         others are told that it is taken. The limit is a bare handler that checks the same token, \
                         reads the body, and answers with the very refusal of the service."
                .to_owned();
            let (tables, curves) = (vec![rounds.table(LIMIT)], rounds.curves(LIMIT));
            bench.findings.add(Work { title, about, tables, curves });
        }
    }
}

impl Storm {
    async fn of(kind: Kind, attempts: u64, connections: usize, rounds: usize) -> Self {
        let room = Room::new(kind, &policy(attempts as u32, DAY, DAY)).await;
        room.register(1..=attempts).await;
        room.admit_in_bulk(1..=attempts).await;
        // One more for the round that does not count, and one for the refusal that the limit repeats.
        room.put_schedules(1, 1..=rounds as u64 + 2).await;
        let tokens: Vec<_> = (1..=attempts).map(|number| room.token(number)).collect();
        let scene = Scene::start(room).await;
        let problem = refusal(scene.address, &tokens).await;
        let bare = BareHandler::start(&[(PROBLEM, &problem)]).await;
        let requests = Arc::default();
        Self { scene, bare, tokens: Arc::new(tokens), connections, next_schedule: 2, requests }
    }

    async fn rage(&self, address: SocketAddr, expected: &'static [Expected]) -> Tally {
        let (connections, requests) = (self.connections, Arc::clone(&self.requests));
        closed_loop(Plan { address, connections, requests, order: Order::Once, lasts: LASTS, expected })
            .await
            .insist()
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

    async fn service(&mut self) -> Run {
        let meter = Meter::start(self.scene.instance.id(), Some(&self.scene.room)).await;
        let tally = self.rage(self.scene.address, EXPECTED).await;
        assert_eq!(
            tally.counts,
            [1, self.tokens.len() as u64 - 1],
            "expected one winner, and all to have asked"
        );
        Run::of(&tally, meter.each(tally.count()))
    }

    async fn limit(&mut self) -> Run {
        let meter = Meter::start(self.bare.id(), None).await;
        let tally = self.rage(self.bare.address, &EXPECTED[1..]).await;
        Run::of(&tally, meter.each(tally.count()))
    }
}
