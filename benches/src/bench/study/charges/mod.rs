//! One balance, charged by many at once.

mod ways;

use std::sync::Arc;

use adapter_persistence::Ports;
use encore_benches::{
    findings::Work,
    generator::Crowd,
    room::{Kind, Room},
};
use uuid::Uuid;

use super::{
    in_turn, service,
    sessions::Sessions,
    told::{Run, Way, compare, table},
};
use crate::{Bench, scene::room_of_admitted};

const CROWD: Crowd = Crowd { attempts: 1_000, callers: 100 };
const AMOUNT: i32 = 1;

/// How a balance is charged.
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
    pub(super) amount: i32,
}

struct Stage {
    room: Room,
    sessions: Sessions,
    ports: Arc<Ports>,
    /// The user who is charged next: another one each time.
    next_user: u64,
}

impl How {
    const ALL: [Self; 3] = [Self::Optimistic, Self::Pessimistic, Self::Ports];

    fn name(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic: a version",
            Self::Pessimistic => "pessimistic: a row lock",
            Self::Ports => "the service's ports",
        }
    }
}

pub(super) async fn measure(bench: &mut Bench) {
    let mut stage = Stage::new(bench.rounds).await;
    let mut ways = How::ALL.map(|how| Way::new(how.name()));
    in_turn(&How::ALL, bench.rounds, async |how, round| {
        let run = stage.charge(how).await;
        eprintln!("round {round}, {}: {:.0} ms", how.name(), run.elapsed.as_secs_f64() * 1e3);
        ways[how as usize].runs.extend((round > 0).then_some(run));
    })
    .await;
    tell(bench, &ways);
}

fn tell(bench: &mut Bench, ways: &[Way]) {
    let Crowd { attempts, callers } = CROWD;
    let title = format!("Study: {attempts} charges of one balance by {callers} callers, PostgreSQL");
    for other in [How::Optimistic, How::Pessimistic] {
        compare(&mut bench.findings, &title, &ways[How::Ports as usize], &ways[other as usize]);
    }
    let about = "Everybody charges the same user's balance, another user's each time; all succeed, and the balance is \
                 the sum of its ledger afterwards. Without HTTP; textbook ways go statement by statement, all prepared, \
                 on as many connections as the service has by default."
        .to_owned();
    bench.findings.add(Work { title, about, tables: vec![table(ways, &[])], curves: Vec::new() });
}

impl Stage {
    async fn new(rounds: usize) -> Self {
        // Beside the rounds: one that does not count.
        let users = (How::ALL.len() * (rounds + 1)) as u64;
        let room = room_of_admitted(Kind::Postgres, users).await;
        room.analyze().await;
        let sessions = Sessions::open(&room.database.url(), ways::STATEMENTS).await;
        let ports = Arc::new(service::ports(&room).await);
        Self { room, sessions, ports, next_user: 0 }
    }

    /// Lets everybody charge the next user, and insists that nothing was lost.
    async fn charge(&mut self, how: How) -> Run {
        self.next_user += 1;
        let (user, ticket) = (Room::user(self.next_user), Room::ticket(self.next_user));
        let wish = Wish { user, ticket, amount: AMOUNT };
        let questions = [
            format!("SELECT balance FROM wallets WHERE user_id = '{user}'"),
            format!("SELECT entries FROM wallets WHERE user_id = '{user}'"),
            format!("SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE user_id = '{user}'"),
            format!("SELECT count(DISTINCT sequence) FROM ledger_entries WHERE user_id = '{user}'"),
        ];
        let questions = questions.each_ref().map(String::as_str);
        let before = self.room.database.numbers(&questions).await;
        let (sessions, ports) = (self.sessions.clone(), Arc::clone(&self.ports));
        let attempts = CROWD
            .make(move |_| {
                let (sessions, ports) = (sessions.clone(), Arc::clone(&ports));
                async move {
                    match how {
                        How::Optimistic => ways::optimistic(&sessions, &wish).await,
                        How::Pessimistic => ways::pessimistic(&sessions, &wish).await,
                        How::Ports => service::charge(&ports, &wish).await,
                    }
                }
            })
            .await;
        let after = self.room.database.numbers(&questions).await;
        let differences: Vec<_> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
        let made = CROWD.attempts.cast_signed();
        let charged = made * i64::from(AMOUNT);
        assert_eq!(
            differences,
            [charged, made, charged, made],
            "expected every charge to be in the ledger: {}",
            how.name()
        );
        Run::of(&[attempts], &[])
    }
}
