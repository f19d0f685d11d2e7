//! Holds of distinct seats, one each.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::Target,
    generator::{Expected, Order, Tally},
    hall::{Place, SEATS, hold_request},
    room::Kind,
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    limit::{Amount, Change, Limit},
    scene::{Scene, room_of_admitted},
};

/// Connections, with the ratios to reach on PostgreSQL and on SQLite.
const LOADS: [(usize, f64, f64); 2] = [(64, 2.0, 0.7), (256, 2.5, 0.7)];
/// The longest p99 over 64 connections on PostgreSQL, in milliseconds.
const LONGEST: f64 = 15.0;
const USERS: u64 = 10_000;
/// The most seats that are held in a round by the service, and how many by its limit.
const SEATS_OF_SERVICE: u64 = 40_000;
const SEATS_OF_LIMIT: u64 = 16_000;
const LASTS: Duration = Duration::from_secs(2);
const CHANGE: Change =
    Change { name: "hold", script: include_str!("../../sql/hold.sql"), table: "reservations" };

struct Holds {
    scene: Scene,
    limit: Limit,
    tokens: Vec<String>,
    connections: usize,
    /// The first seat that is free, and the first that is not there yet.
    next: u64,
    end: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let mut holds = Holds::on(kind).await;
        for (connections, on_server, on_file) in LOADS {
            holds.connections = connections;
            let title = format!("Holds of distinct seats, {connections} connections, {}", kind.name());
            let rounds = hold(&mut holds, bench.rounds).await;
            let (target, about) = match kind {
                Kind::Postgres => (
                    on_server,
                    "The limit is one prepared statement for each, with all conditions in it, run by pgbench",
                ),
                Kind::Sqlite => (on_file, "The limit is the same change, made by a bare writer"),
            };
            let about = format!("{USERS} users hold a seat each, over and over, on ever new dates. {about}.");
            let (findings, target) = (&mut bench.findings, Some(Target::AtLeast(target)));
            rounds.file(findings, &title, about, Limit::name(kind), target);
            if kind == Kind::Postgres && connections == LOADS[0].0 {
                findings.judge(rounds.latency(&title, ("p99", 0.99), LONGEST));
            }
        }
    }
}

impl Holds {
    async fn on(kind: Kind) -> Self {
        let room = room_of_admitted(kind, USERS).await;
        let own = if kind == Kind::Sqlite { Some(room_of_admitted(kind, USERS).await) } else { None };
        let tokens = (1..=USERS).map(|number| room.token(number)).collect();
        let (scene, limit) = (Scene::start(room).await, Limit::new(CHANGE, own));
        Self { scene, limit, tokens, connections: 0, next: 0, end: 0 }
    }

    /// So many seats, from the first of a date on: what is left over of the last date stays free.
    fn take(&mut self, seats: u64) -> u64 {
        let first = self.next;
        self.next += seats.next_multiple_of(SEATS);
        first
    }
}

impl Contest for Holds {
    async fn prepare(&mut self) {
        let end = self.next + SEATS_OF_SERVICE + SEATS_OF_LIMIT;
        if end > self.end {
            for room in [Some(&self.scene.room), self.limit.room()].into_iter().flatten() {
                room.put_schedules(1, self.end / SEATS + 1..=end / SEATS).await;
                room.analyze().await;
            }
            self.end = end;
        }
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        let request = |place| hold_request(&self.tokens[(place % USERS) as usize], Place(place), None);
        let requests = Arc::new((self.next..self.next + SEATS_OF_SERVICE).map(request).collect());
        let (connections, expected) = (self.connections, &[Expected::CREATED]);
        Load { requests, connections, order: Order::Once, lasts: LASTS, expected }
    }

    async fn check(&mut self, tally: &Tally) {
        self.take(tally.count());
    }

    async fn limit(&mut self) -> Run {
        let first = self.take(SEATS_OF_LIMIT);
        let amount = Amount { callers: self.connections, first, count: SEATS_OF_LIMIT, users: USERS };
        Run::rate(self.limit.run(&self.scene, &amount).await)
    }
}
