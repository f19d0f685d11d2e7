//! Charges of distinct users, each with an idempotency key.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::Target,
    generator::{Expected, Order, Tally},
    http::keyed_request,
    room::{Kind, Room},
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    limit::{Amount, Change, Limit},
    scene::{Scene, room_of_admitted},
};

const CONNECTIONS: usize = 64;
const USERS: u64 = 16_000;
/// The most charges of a round by the service, and how many by its limit.
const OF_SERVICE: u64 = 40_000;
const OF_LIMIT: u64 = 16_000;
const LASTS: Duration = Duration::from_secs(2);
const CHANGE: Change =
    Change { name: "charge", script: include_str!("../../sql/charge.sql"), table: "ledger_entries" };

struct Charges {
    scene: Scene,
    limit: Limit,
    tokens: Vec<String>,
    next: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let title = format!("Charges of distinct users, {CONNECTIONS} connections, {}", kind.name());
        let rounds = hold(&mut Charges::on(kind).await, bench.rounds).await;
        let (target, about) = match kind {
            Kind::Postgres => (
                Some(Target::AtLeast(1.5)),
                "The limit is one prepared statement for each, with all conditions in it, run by pgbench",
            ),
            Kind::Sqlite => (None, "The limit is the same change, made by a bare writer"),
        };
        let about = format!(
            "{USERS} users charge their balances, over and over, each time with another key. {about}: balance, \
             ledger entry, record of the key."
        );
        rounds.file(&mut bench.findings, &title, about, Limit::name(kind), target);
    }
}

impl Charges {
    async fn on(kind: Kind) -> Self {
        let room = room_of_admitted(kind, USERS).await;
        let own = if kind == Kind::Sqlite { Some(room_of_admitted(kind, USERS).await) } else { None };
        let tokens = (1..=USERS).map(|number| room.token(number)).collect();
        Self { scene: Scene::start(room).await, limit: Limit::new(CHANGE, own), tokens, next: 0 }
    }

    fn request(&self, charge: u64) -> Vec<u8> {
        let user = charge % USERS;
        let path = format!("/users/{}/balance/charges", Room::user(user + 1));
        let (token, key) = (&self.tokens[user as usize], format!("charge-of-the-service-{charge}"));
        keyed_request("POST", &path, Some(token), Some(&key), Some(r#"{"amount": 1}"#))
    }
}

impl Contest for Charges {
    async fn prepare(&mut self) {}

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        let requests = (self.next..self.next + OF_SERVICE).map(|charge| self.request(charge)).collect();
        let (requests, expected) = (Arc::new(requests), &[Expected::CREATED]);
        Load { requests, connections: CONNECTIONS, order: Order::Once, lasts: LASTS, expected }
    }

    async fn check(&mut self, tally: &Tally) {
        self.next += tally.count();
    }

    async fn limit(&mut self) -> Run {
        let amount = Amount { callers: CONNECTIONS, first: self.next, count: OF_LIMIT, users: USERS };
        self.next += OF_LIMIT;
        Run::rate(self.limit.run(&self.scene, &amount).await)
    }
}
