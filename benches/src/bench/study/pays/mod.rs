//! One reservation, paid by many at once.

mod ways;

use std::sync::Arc;

use adapter_persistence::Ports;
use encore_benches::{
    findings::Work,
    generator::{Attempts, Crowd},
    hall::{PRICE, reservation_id},
    room::{Kind, Room},
};
use uuid::Uuid;

use super::{
    in_turn, service,
    sessions::Sessions,
    told::{Run, Way, compare, table},
};
use crate::{Bench, scene::room_of_admitted};

const CROWD: Crowd = Crowd { attempts: 100, callers: 100 };
/// How many are paid in a round by each way, one after the other: one takes too little to be measured well.
const RESERVATIONS: u64 = 20;

/// How a reservation is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Optimistic,
    Pessimistic,
    Ports,
}

/// What a caller wants.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) user: Uuid,
    pub(super) ticket: Uuid,
    pub(super) reservation: Uuid,
}

struct Stage {
    room: Room,
    sessions: Sessions,
    ports: Arc<Ports>,
    /// Whose reservation is paid next.
    next_user: u64,
}

impl How {
    const ALL: [Self; 3] = [Self::Optimistic, Self::Pessimistic, Self::Ports];

    fn name(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic: versions",
            Self::Pessimistic => "pessimistic: row locks",
            Self::Ports => "the service's ports",
        }
    }
}

pub(super) async fn measure(bench: &mut Bench) {
    let mut stage = Stage::new(bench.rounds).await;
    let mut ways = How::ALL.map(|how| Way::new(how.name()));
    in_turn(&How::ALL, bench.rounds, async |how, round| {
        let run = stage.pay_some(how).await;
        eprintln!("round {round}, {}: {:.0} ms", how.name(), run.elapsed.as_secs_f64() * 1e3);
        ways[how as usize].runs.extend((round > 0).then_some(run));
    })
    .await;
    tell(bench, &ways);
}

fn tell(bench: &mut Bench, ways: &[Way]) {
    let callers = CROWD.callers;
    let title =
        format!("Study: {RESERVATIONS} reservations, each paid by {callers} callers at once, PostgreSQL");
    for other in [How::Optimistic, How::Pessimistic] {
        compare(&mut bench.findings, &title, &ways[How::Ports as usize], &ways[other as usize]);
    }
    let about = "One reservation after the other; everybody wants to pay the same one, one does, and the money is taken \
                 once, which is looked for in the database. Without HTTP, and without admitting whoever is next; textbook \
                 ways go statement by statement, all prepared, on as many connections as the service has by default."
        .to_owned();
    bench.findings.add(Work { title, about, tables: vec![table(ways, &[])], curves: Vec::new() });
}

impl Stage {
    async fn new(rounds: usize) -> Self {
        // Beside the rounds: one that does not count.
        let users = RESERVATIONS * (How::ALL.len() * (rounds + 1)) as u64;
        let room = room_of_admitted(Kind::Postgres, users).await;
        room.put_held_seats(1..=users).await;
        room.analyze().await;
        let sessions = Sessions::open(&room.database.url(), ways::STATEMENTS).await;
        let ports = Arc::new(service::ports(&room).await);
        Self { room, sessions, ports, next_user: 0 }
    }

    async fn pay_some(&mut self, how: How) -> Run {
        let mut all = Vec::new();
        for _ in 0..RESERVATIONS {
            all.push(self.pay(how).await);
        }
        Run::of(&all, &[])
    }

    /// Lets everybody pay the next reservation, and insists that it is paid once.
    async fn pay(&mut self, how: How) -> Attempts {
        self.next_user += 1;
        let (user, ticket) = (Room::user(self.next_user), Room::ticket(self.next_user));
        let wish = Wish { user, ticket, reservation: reservation_id(self.next_user) };
        let wallet = format!("SELECT balance FROM wallets WHERE user_id = '{user}'");
        let balance = self.room.database.number(&wallet).await;
        let (sessions, ports) = (self.sessions.clone(), Arc::clone(&self.ports));
        let attempts = CROWD
            .make(move |_| {
                let (sessions, ports) = (sessions.clone(), Arc::clone(&ports));
                async move {
                    match how {
                        How::Optimistic => ways::optimistic(&sessions, &wish).await,
                        How::Pessimistic => ways::pessimistic(&sessions, &wish).await,
                        How::Ports => service::pay(&ports, &wish).await,
                    }
                }
            })
            .await;
        assert_eq!(attempts.made, 1, "expected one to be told of the payment: {}", how.name());
        let found =
            self.room.database.numbers(&questions(&wish, &wallet).each_ref().map(String::as_str)).await;
        let expected = [balance - PRICE.cast_signed(), 1, 1, 1, 0];
        assert_eq!(found, expected, "expected one payment, from the reservation to the turn: {}", how.name());
        attempts
    }
}

/// The balance; payments, debits and sold seats of the reservation; live turns of its user.
fn questions(Wish { user, reservation, .. }: &Wish, wallet: &str) -> [String; 5] {
    let payments = format!(
        "SELECT count(*) FROM payments JOIN reservations ON reservations.id = payments.reservation_id
         WHERE reservations.id = '{reservation}' AND reservations.status = 'PAID'"
    );
    [
        wallet.to_owned(),
        payments,
        format!("SELECT count(*) FROM ledger_entries WHERE user_id = '{user}' AND kind = 'PAYMENT'"),
        format!("SELECT count(*) FROM seats WHERE reservation_id = '{reservation}' AND sold"),
        format!("SELECT count(*) FROM queue_tickets WHERE user_id = '{user}' AND status <> 'ENDED'"),
    ]
}
