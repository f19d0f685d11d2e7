//! Charges of distinct users, each with an idempotency key.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::{Target, Work},
    generator::{Expected, Order, Plan, closed_loop},
    http::keyed_request,
    pgbench::{Script, Turns},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Run, hold},
    scene::{DATABASE_CONNECTIONS, Scene},
    spent::Meter,
};

const CONNECTIONS: usize = 64;
const USERS: u64 = 10_000;
/// The most charges of a round by the service, and how many by its limit.
const OF_SERVICE: u64 = 40_000;
const OF_LIMIT: u64 = 24_000;
const LASTS: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_hours(24);
const LIMIT: &str = "pgbench, one statement";

struct Charges {
    scene: Scene,
    tokens: Vec<String>,
    script: Script,
    next: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    if !bench.stores.contains(&Kind::Postgres) {
        return;
    }
    let title = format!("Charges of distinct users, {CONNECTIONS} connections, PostgreSQL");
    let mut charges = Charges::on(Kind::Postgres).await;
    let rounds = hold(&mut charges, bench.rounds).await;
    bench.findings.judge(rounds.verdict(&title, LIMIT, Target::AtLeast(1.5)));
    let about = format!(
        "{USERS} users charge their balances, over and over, each time with another key. The limit is the same \
         statement (balance, ledger entry, record of the key), run by {DATABASE_CONNECTIONS} clients of pgbench, as \
         many as the service has connections."
    );
    let (tables, curves) = (vec![rounds.table(LIMIT)], rounds.curves(LIMIT));
    bench.findings.add(Work { title, about, tables, curves });
}

impl Charges {
    async fn on(kind: Kind) -> Self {
        let room = Room::new(kind, &policy(USERS as u32, DAY, DAY)).await;
        room.register_without_money(1..=USERS).await;
        room.admit_in_bulk(1..=USERS).await;
        let tokens = (1..=USERS).map(|number| room.token(number)).collect();
        let script = Script::new(include_str!("../../sql/charge.sql"));
        Self { scene: Scene::start(room).await, tokens, script, next: 0 }
    }

    fn request(&self, charge: u64) -> Vec<u8> {
        let user = charge % USERS;
        let path = format!("/users/{}/balance/charges", Room::user(user + 1));
        let (token, key) = (&self.tokens[user as usize], format!("charge-of-the-service-{charge}"));
        keyed_request("POST", &path, Some(token), Some(&key), Some(r#"{"amount": 1}"#))
    }

    async fn entries(&self) -> i64 {
        self.scene.room.database.number("SELECT count(*) FROM ledger_entries").await
    }
}

impl Contest for Charges {
    async fn prepare(&mut self) {}

    async fn service(&mut self) -> Run {
        let requests =
            Arc::new((self.next..self.next + OF_SERVICE).map(|charge| self.request(charge)).collect());
        let (address, connections) = (self.scene.address, CONNECTIONS);
        let meter = Meter::start(self.scene.instance.id(), Some(&self.scene.room)).await;
        let expected = &[Expected::CREATED];
        let plan = Plan { address, connections, requests, order: Order::Once, lasts: LASTS, expected };
        let tally = closed_loop(plan).await.insist();
        self.next += OF_SERVICE;
        Run::of(&tally, meter.each(tally.count()))
    }

    async fn limit(&mut self) -> Run {
        let each = OF_LIMIT / DATABASE_CONNECTIONS as u64;
        let before = self.entries().await;
        let variables = [
            ("first", self.next.to_string()),
            ("users", USERS.to_string()),
            ("clients", DATABASE_CONNECTIONS.to_string()),
        ];
        self.next += OF_LIMIT;
        let turns = Turns { clients: DATABASE_CONNECTIONS, each, variables: &variables };
        let a_second = self.script.run(&self.scene.room.database.url(), &turns).await;
        let made = self.entries().await - before;
        assert_eq!(
            made as u64,
            each * DATABASE_CONNECTIONS as u64,
            "expected pgbench to have made every charge"
        );
        Run::rate(a_second)
    }
}
