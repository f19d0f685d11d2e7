//! One seat, wanted by everybody.

mod listing;
mod ways;

use std::{sync::Arc, time::Duration};

use adapter_persistence::Ports;
use encore_benches::{
    findings::Work,
    generator::{Crowd, Expected, Order, Plan, closed_loop},
    hall::{Place, SEATS, hold_request, schedule_id},
    room::{Kind, Room},
};
use uuid::Uuid;

use super::{
    in_turn, service,
    sessions::Sessions,
    told::{Run, Way, compare, milliseconds, table},
};
use crate::{
    Bench,
    scene::{Scene, room_of_admitted},
};

const STORMS: [Crowd; 2] = [Crowd { attempts: 1_000, callers: 10 }, Crowd { attempts: 10_000, callers: 100 }];
/// For how long seats are listed before each round, when nothing else happens.
const IDLE: Duration = Duration::from_secs(1);
/// Longer than any storm.
const LASTS: Duration = Duration::from_mins(1);
const EXPECTED: &[Expected] = &[Expected::CREATED, Expected { status: 409, mark: "\"SEAT_TAKEN\"" }];

/// How a seat is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Optimistic,
    Pessimistic,
    PessimisticAtOnce,
    Ports,
    Http,
}

/// What a caller wants.
pub(super) struct Wish {
    pub(super) schedule: Uuid,
    pub(super) seat: i16,
    pub(super) user: Uuid,
    pub(super) ticket: Uuid,
    /// What the reservation will be called.
    pub(super) reservation: Uuid,
}

impl How {
    const ALL: [Self; 5] =
        [Self::Optimistic, Self::Pessimistic, Self::PessimisticAtOnce, Self::Ports, Self::Http];

    fn name(self) -> &'static str {
        match self {
            Self::Optimistic => "optimistic: a version",
            Self::Pessimistic => "pessimistic: a row lock",
            Self::PessimisticAtOnce => "pessimistic, `NOWAIT`",
            Self::Ports => "the service's ports",
            Self::Http => "the service over HTTP",
        }
    }
}

impl Wish {
    fn of(caller: u64, schedule: u64) -> Self {
        Self {
            schedule: schedule_id(schedule),
            seat: 1,
            user: Room::user(caller + 1),
            ticket: Room::ticket(caller + 1),
            reservation: Uuid::now_v7(),
        }
    }
}

/// A store, and all that is tried on it.
struct Stage {
    scene: Scene,
    sessions: Sessions,
    ports: Arc<Ports>,
    tokens: Vec<String>,
    /// The date whose first seat is wanted next.
    next_schedule: u64,
}

pub(super) async fn measure(bench: &mut Bench) {
    let mut stage = Stage::new(bench.rounds).await;
    for crowd in STORMS {
        let mut ways = How::ALL.map(|how| Way::new(how.name()));
        let mut idle = Vec::new();
        in_turn(&How::ALL, bench.rounds, async |how, round| {
            if how == How::Optimistic {
                idle.extend(stage.list_when_idle().await);
            }
            let run = stage.storm(how, crowd).await;
            eprintln!("round {round}, {}: {:.0} ms", how.name(), run.elapsed.as_secs_f64() * 1e3);
            ways[how as usize].runs.extend((round > 0).then_some(run));
        })
        .await;
        tell(bench, crowd, &ways, &idle);
    }
}

fn tell(bench: &mut Bench, crowd: Crowd, ways: &[Way], idle: &[f64]) {
    let Crowd { attempts, callers } = crowd;
    let title = format!("Study: {attempts} attempts on one seat by {callers} callers, PostgreSQL");
    for other in [How::Optimistic, How::Pessimistic] {
        compare(&mut bench.findings, &title, &ways[How::Ports as usize], &ways[other as usize]);
    }
    let about = "Everybody wants the same seat, another one each time; one gets it, which is looked for in the database. \
                 The first four have no HTTP, and as many connections as the service has by default; textbook \
                 ways go statement by statement, all prepared. Meanwhile the 50 seats of the date are listed every 5 ms, on a \
                 connection of its own; for the last way over HTTP. The last is no comparison: its requests are \
                 received, checked and answered as well."
        .to_owned();
    bench.findings.add(Work { title, about, tables: vec![table(ways, idle)], curves: Vec::new() });
}

impl Stage {
    async fn new(rounds: usize) -> Self {
        let callers = STORMS.iter().map(|crowd| crowd.attempts).max().unwrap_or_default();
        let room = room_of_admitted(Kind::Postgres, callers).await;
        // Beside the rounds: one that does not count. And the date that is listed when nothing else happens.
        let schedules = (STORMS.len() * How::ALL.len() * (rounds + 1)) as u64 + 1;
        room.put_schedules(1, 1..=schedules).await;
        let tokens = (1..=callers).map(|number| room.token(number)).collect();
        let scene = Scene::start(room).await;
        let sessions = Sessions::open(&scene.room.database.url(), ways::STATEMENTS).await;
        let ports = Arc::new(service::ports(&scene.room).await);
        Self { scene, sessions, ports, tokens, next_schedule: 1 }
    }

    async fn list_when_idle(&self) -> Vec<f64> {
        let listings = listing::from_store(&self.scene.room, self.next_schedule).await;
        tokio::time::sleep(IDLE).await;
        milliseconds(&listings.stop().await)
    }

    /// Lets everybody at the next seat, and insists that one has got it.
    async fn storm(&mut self, how: How, crowd: Crowd) -> Run {
        self.next_schedule += 1;
        let run = if how == How::Http {
            self.storm_over_http(crowd).await
        } else {
            self.storm_within(how, crowd).await
        };
        let schedule = schedule_id(self.next_schedule);
        let holders = "SELECT count(*) FROM seats JOIN reservations ON reservations.id = seats.reservation_id
                       JOIN reserved_seats ON reserved_seats.reservation_id = reservations.id
                           AND reserved_seats.seat_number = seats.seat_number
                       WHERE reservations.status = 'RESERVED' AND seats.schedule_id";
        let questions = [
            format!("{holders} = '{schedule}'"),
            format!("SELECT count(*) FROM reservations WHERE schedule_id = '{schedule}'"),
        ];
        let found = self.scene.room.database.numbers(&questions.each_ref().map(String::as_str)).await;
        assert_eq!(found, [1, 1], "expected one holder and one reservation: {}", how.name());
        run
    }

    async fn storm_within(&self, how: How, crowd: Crowd) -> Run {
        let (sessions, ports) = (self.sessions.clone(), Arc::clone(&self.ports));
        let schedule = self.next_schedule;
        let attempt = move |number| {
            let (sessions, ports, wish) = (sessions.clone(), Arc::clone(&ports), Wish::of(number, schedule));
            async move {
                match how {
                    How::Optimistic => ways::optimistic(&sessions, &wish).await,
                    How::Pessimistic => ways::pessimistic(&sessions, &wish).await,
                    How::PessimisticAtOnce => ways::pessimistic_at_once(&sessions, &wish).await,
                    How::Ports | How::Http => service::hold(&ports, &wish).await,
                }
            }
        };
        let listings = listing::from_store(&self.scene.room, schedule).await;
        let attempts = crowd.make(attempt).await;
        let listed = listings.stop().await;
        assert_eq!(attempts.made, 1, "expected one to be told of the seat: {}", how.name());
        Run::of(&[attempts], &listed)
    }

    async fn storm_over_http(&self, crowd: Crowd) -> Run {
        let place = Place((self.next_schedule - 1) * SEATS);
        let callers = self.tokens.iter().take(crowd.attempts as usize);
        let requests = Arc::new(callers.map(|token| hold_request(token, place, None)).collect());
        let watch = listing::over_http(self.scene.address, &self.tokens[0], self.next_schedule).await;
        let plan = Plan {
            address: self.scene.address,
            connections: crowd.callers,
            requests,
            order: Order::Once,
            lasts: LASTS,
            expected: EXPECTED,
        };
        let tally = closed_loop(plan).await.insist();
        let looks = watch.stop().await;
        assert_eq!(tally.counts, [1, crowd.attempts - 1], "expected one to be told of the seat");
        Run::over_http(&tally, &looks)
    }
}
