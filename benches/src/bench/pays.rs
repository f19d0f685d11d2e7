//! Payments: each ends a turn, and lets in whoever is next.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::Target,
    generator::{Expected, Order, Tally},
    hall::pay_request,
    room::{Kind, Room, policy},
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold, runs_in},
    limit::{Amount, Change, Limit},
    scene::{DAY, Scene},
};

/// More than elsewhere: whoever has paid is told 25 ms later, so that 64 would ask for 2,560 a second at most.
const CONNECTIONS: usize = 256;
/// Turns that are live at a time.
const INSIDE: u64 = 1_000;
/// The most payments of a round by the service, and how many by its limit.
const OF_SERVICE: u64 = 8_000;
const OF_LIMIT: u64 = 4_000;
const LASTS: Duration = Duration::from_secs(2);
const CHANGE: Change = Change {
    name: "pay",
    script: include_str!("../../sql/pay.sql"),
    table: "queue_tickets WHERE status = 'ENDED' AND end_reason = 'PAID'",
};

struct Pays {
    scene: Scene,
    limit: Limit,
    /// The first number that has not paid, by the service and by the limit; one and the same where they share a store.
    next: [u64; 2],
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let title = format!("Payments, {CONNECTIONS} connections, {}", kind.name());
        let rounds = hold(&mut Pays::on(kind, bench.rounds).await, bench.rounds).await;
        let (target, about) = match kind {
            Kind::Postgres => (
                Some(Target::AtLeast(0.8)),
                "The limit is pgbench that runs the same changes as one transaction, statement by statement",
            ),
            Kind::Sqlite => (None, "The limit is the same change, made by a bare writer"),
        };
        let about = format!(
            "{INSIDE} are inside, others wait; all have a seat and money. Each payment changes reservation, seat, \
             payment, balance, ledger and ticket, and lets in whoever is next. {about}."
        );
        rounds.file(&mut bench.findings, &title, about, Limit::name(kind), target);
    }
}

/// A room in which some are inside and others wait, each with a seat of its own and money.
async fn room_of_buyers(kind: Kind, users: u64) -> Room {
    let room = Room::new(kind, &policy(INSIDE as u32, DAY, DAY)).await;
    room.register(1..=users).await;
    room.admit_in_bulk(1..=INSIDE).await;
    room.fill(INSIDE + 1..=users).await;
    room.put_held_seats(1..=users).await;
    room
}

impl Pays {
    async fn on(kind: Kind, rounds: usize) -> Self {
        let users = INSIDE + runs_in(rounds) as u64 * (OF_SERVICE + OF_LIMIT);
        let own = if kind == Kind::Sqlite { Some(room_of_buyers(kind, users).await) } else { None };
        let limit = Limit::new(CHANGE, own);
        Self { scene: Scene::start(room_of_buyers(kind, users).await).await, limit, next: [1, 1] }
    }

    /// Which of the numbers are next at the limit.
    fn at_limit(&self) -> usize {
        usize::from(self.limit.room().is_some())
    }
}

impl Contest for Pays {
    async fn prepare(&mut self) {
        self.scene.room.wait_for_turns(INSIDE.cast_signed()).await;
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        let numbers = self.next[0]..self.next[0] + OF_SERVICE;
        let request = |number| pay_request(&self.scene.room.token(number), number);
        let requests = Arc::new(numbers.map(request).collect());
        let expected = &[Expected::CREATED];
        Load { requests, connections: CONNECTIONS, order: Order::Once, lasts: LASTS, expected }
    }

    async fn check(&mut self, tally: &Tally) {
        self.next[0] += tally.count();
        self.scene.room.wait_for_turns(INSIDE.cast_signed()).await;
    }

    async fn limit(&mut self) -> Run {
        let at = self.at_limit();
        let amount = Amount { callers: CONNECTIONS, first: self.next[at], count: OF_LIMIT, users: 0 };
        self.next[at] += OF_LIMIT;
        Run::rate(self.limit.run(&self.scene, &amount).await)
    }
}
