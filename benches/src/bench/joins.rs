//! Joins of users who join for the first time.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::{Spread, Target, Verdict, decimals},
    generator::{Expected, Order, Tally},
    http::request,
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    limit::{Amount, Change, Limit},
    rounds::Rounds,
    scene::{DAY, Scene},
};

const CONNECTIONS: usize = 64;
/// The most joins of a round by the service, and how many by its limits.
const OF_SERVICE: u64 = 40_000;
const OF_LIMIT: u64 = 16_000;
const OF_COUNTED_LIMIT: u64 = 4_000;
const LASTS: Duration = Duration::from_secs(2);
const CHANGE: Change =
    Change { name: "join", script: include_str!("../../sql/join.sql"), table: "tickets_without_counter" };
const ON_FILE: Change = Change { name: "join", script: "", table: "queue_tickets" };
const COUNTED: Change = Change {
    name: "join with a counter",
    script: include_str!("../../sql/join_counted.sql"),
    table: "tickets_with_counter",
};
/// Tables like that of the tickets, which the service knows nothing of.
const COPIES: &str = "
    CREATE TABLE tickets_without_counter (LIKE queue_tickets INCLUDING ALL, FOREIGN KEY (user_id) REFERENCES users);
    CREATE TABLE tickets_with_counter (LIKE queue_tickets INCLUDING ALL, FOREIGN KEY (user_id) REFERENCES users);
    CREATE TABLE counter (last_number bigint NOT NULL) WITH (fillfactor = 20);
    INSERT INTO counter VALUES (0)";
const EMPTY: &str = "TRUNCATE tickets_without_counter, tickets_with_counter";

struct Joins {
    scene: Scene,
    limit: Limit,
    counted: Option<Limit>,
    /// What the limit with a counter reached, in every round.
    counted_rates: Vec<f64>,
    /// The last user who has joined, and the last who is registered.
    joined: u64,
    registered: u64,
    /// The last user who has joined on the file of the limit.
    joined_at_limit: u64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let title = format!("Joins, {CONNECTIONS} connections, {}", kind.name());
        let mut joins = Joins::on(kind).await;
        let rounds = hold(&mut joins, bench.rounds).await;
        let (target, about) = match kind {
            Kind::Postgres => (
                Some(Target::AtLeast(1.8)),
                "The limit is pgbench that inserts a row each into a table like that of the tickets, without a \
                 counter; a second one numbers them from a counter whose row is locked until the commit.",
            ),
            Kind::Sqlite => (None, "The limit is the same change, made by a bare writer."),
        };
        let about = format!("Users join for the first time. {about}");
        rounds.file(&mut bench.findings, &title, about, Limit::name(kind), target);
        if kind == Kind::Postgres {
            bench.findings.judge(joins.beside_counter(&title, &rounds));
        }
    }
}

async fn empty_room(kind: Kind) -> Room {
    let room = Room::new(kind, &policy(1, DAY, DAY)).await;
    if kind == Kind::Postgres {
        room.database.try_sql(COPIES).await.unwrap();
    }
    room
}

impl Joins {
    async fn on(kind: Kind) -> Self {
        let (limit, counted) = match kind {
            Kind::Postgres => (Limit::new(CHANGE, None), Some(Limit::new(COUNTED, None))),
            Kind::Sqlite => (Limit::new(ON_FILE, Some(empty_room(kind).await)), None),
        };
        let scene = Scene::start(empty_room(kind).await).await;
        Self { scene, limit, counted, counted_rates: vec![], joined: 0, registered: 0, joined_at_limit: 0 }
    }

    fn beside_counter(&self, title: &str, rounds: &Rounds) -> Verdict {
        // The first did not count.
        let rates = &self.counted_rates[1..];
        let ratios = rounds.service.iter().zip(rates).map(|(run, rate)| run.a_second / rate);
        let counted = decimals(Spread::of(rates.iter().copied()).median, 0);
        Verdict {
            work: format!("{title}: beside a locked counter"),
            figure: format!("{}/s", decimals(rounds.service_rate(), 0)),
            limit: format!("pgbench with a counter: {counted}/s"),
            value: Spread::of(ratios),
            unit: "",
            target: Some(Target::AtLeast(10.0)),
        }
    }
}

impl Contest for Joins {
    async fn prepare(&mut self) {
        let needed = self.joined.max(self.joined_at_limit) + OF_SERVICE;
        if needed > self.registered {
            for room in [Some(&self.scene.room), self.limit.room()].into_iter().flatten() {
                room.register_without_money(self.registered + 1..=needed).await;
                room.analyze().await;
            }
            self.registered = needed;
        }
        if self.counted.is_some() {
            self.scene.room.database.try_sql(EMPTY).await.unwrap();
        }
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        let request =
            |number| request("POST", "/queue/tokens", Some(&self.scene.room.access_token(number)), None);
        let requests = Arc::new((self.joined + 1..=self.joined + OF_SERVICE).map(request).collect());
        let expected = &[Expected::CREATED];
        Load { requests, connections: CONNECTIONS, order: Order::Once, lasts: LASTS, expected }
    }

    async fn check(&mut self, tally: &Tally) {
        self.joined += tally.count();
    }

    async fn limit(&mut self) -> Run {
        let amount = |first, count| Amount { callers: CONNECTIONS, first, count, users: 0 };
        let a_second = self.limit.run(&self.scene, &amount(self.joined_at_limit, OF_LIMIT)).await;
        match &self.counted {
            Some(counted) => {
                self.counted_rates.push(counted.run(&self.scene, &amount(0, OF_COUNTED_LIMIT)).await);
            }
            None => self.joined_at_limit += OF_LIMIT,
        }
        Run::rate(a_second)
    }
}
