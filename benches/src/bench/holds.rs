//! Holds of distinct seats, one each.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::{Target, Verdict, Work},
    generator::{Expected, Order, Plan, closed_loop},
    hall::{Place, SEATS, hold_request},
    pgbench::{Script, Turns},
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Run, hold},
    scene::{DATABASE_CONNECTIONS, Scene},
    spent::Meter,
};

/// Connections, with the ratio to reach on PostgreSQL and the longest p99 in milliseconds.
const LOADS: [(usize, f64, Option<f64>); 2] = [(64, 2.0, Some(15.0)), (256, 2.5, None)];
const USERS: u64 = 10_000;
/// The most seats that are held in a round by the service, and how many by its limit.
const SEATS_OF_SERVICE: u64 = 40_000;
const SEATS_OF_LIMIT: u64 = 24_000;
const LASTS: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_hours(24);
const LIMIT: &str = "pgbench, one statement";

struct Holds {
    scene: Scene,
    tokens: Vec<String>,
    script: Script,
    connections: usize,
    /// The first seat that is free, and the first that is not there yet.
    next: u64,
    end: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    if bench.stores.contains(&Kind::Postgres) {
        on_postgres(bench).await;
    }
}

async fn on_postgres(bench: &mut Bench) {
    let mut holds = Holds::on(Kind::Postgres).await;
    for (connections, ratio, longest) in LOADS {
        holds.connections = connections;
        let title = format!("Holds of distinct seats, {connections} connections, PostgreSQL");
        let rounds = hold(&mut holds, bench.rounds).await;
        bench.findings.judge(rounds.verdict(&title, LIMIT, Target::AtLeast(ratio)));
        if let Some(longest) = longest {
            let value = rounds.milliseconds(0.99);
            bench.findings.judge(Verdict {
                work: format!("{title}: p99"),
                figure: format!("{:.1} ms", value.median),
                limit: String::new(),
                value,
                unit: "ms",
                target: Some(Target::AtMost(longest)),
            });
        }
        let about = format!(
            "{USERS} users hold a seat each, over and over, on ever new dates. The limit is the same statement, run \
             by {DATABASE_CONNECTIONS} clients of pgbench, as many as the service has connections."
        );
        let (tables, curves) = (vec![rounds.table(LIMIT)], rounds.curves(LIMIT));
        bench.findings.add(Work { title, about, tables, curves });
    }
}

impl Holds {
    async fn on(kind: Kind) -> Self {
        let room = Room::new(kind, &policy(USERS as u32, DAY, DAY)).await;
        room.register(1..=USERS).await;
        room.admit_in_bulk(1..=USERS).await;
        let tokens = (1..=USERS).map(|number| room.token(number)).collect();
        let script = Script::new(include_str!("../../sql/hold.sql"));
        Self { scene: Scene::start(room).await, tokens, script, connections: 0, next: 0, end: 0 }
    }

    /// The seats that begin with the next date: those of the last one that are left over stay free.
    fn take(&mut self, seats: u64) -> u64 {
        let first = self.next;
        self.next += seats.next_multiple_of(SEATS);
        first
    }

    async fn reservations(&self) -> i64 {
        self.scene.room.database.number("SELECT count(*) FROM reservations").await
    }
}

impl Contest for Holds {
    async fn prepare(&mut self) {
        let end = self.next + SEATS_OF_SERVICE + SEATS_OF_LIMIT;
        if end > self.end {
            self.scene.room.put_schedules(1, self.end / SEATS + 1..=end / SEATS).await;
            self.scene.room.analyze().await;
            self.end = end;
        }
    }

    async fn service(&mut self) -> Run {
        let first = self.next;
        let request = |place| hold_request(&self.tokens[(place % USERS) as usize], Place(place), None);
        let requests = Arc::new((first..first + SEATS_OF_SERVICE).map(request).collect());
        let (address, connections) = (self.scene.address, self.connections);
        let meter = Meter::start(self.scene.instance.id(), Some(&self.scene.room)).await;
        let expected = &[Expected::CREATED];
        let plan = Plan { address, connections, requests, order: Order::Once, lasts: LASTS, expected };
        let tally = closed_loop(plan).await.insist();
        let spent = meter.each(tally.count());
        self.take(tally.count());
        Run::of(&tally, spent)
    }

    async fn limit(&mut self) -> Run {
        let each = SEATS_OF_LIMIT / DATABASE_CONNECTIONS as u64;
        let first = self.take(SEATS_OF_LIMIT);
        let before = self.reservations().await;
        let variables = [("first", first.to_string()), ("users", USERS.to_string())];
        let turns = Turns { clients: DATABASE_CONNECTIONS, each, variables: &variables };
        let a_second = self.script.run(&self.scene.room.database.url(), &turns).await;
        let made = self.reservations().await - before;
        assert_eq!(
            made as u64,
            each * DATABASE_CONNECTIONS as u64,
            "expected pgbench to have held every seat"
        );
        Run::rate(a_second)
    }
}
