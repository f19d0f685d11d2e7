//! What those who walk away cost the others: an hour of the room, lived on a clock of its own.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use adapter_persistence::SqliteStore;
use chrono::{DateTime, Duration};
use domain::{
    ids::{TicketId, UserId},
    time::{Clock, Timestamp},
    waiting_room::{
        Newcomer, ROLL_CALL_EVERY, RollCall, RoomView, Sign, Ticket, TicketState, WaitingRoom, is_to_be_told,
        present_until,
    },
};
use encore_benches::{
    report::{Report, decimals},
    room::policy,
};
use encore_tests::databases::Database;
use fastrand::Rng;
use futures_util::future::join_all;
use uuid::Uuid;

const WAITING: u64 = 20_000;
const INSIDE: u32 = 100;
/// For how long somebody stays inside, in seconds.
const STAYS: std::ops::RangeInclusive<i64> = 60..=120;
/// How long the room is watched, in seconds, and from when on it is counted.
const LASTS: i64 = 3_600;
const COUNTED_FROM: i64 = 600;
const SEEDS: [u64; 3] = [1, 2, 3];
const AWAY_PERCENT: u64 = 30;
/// What is admitted a second if everybody is there.
const FULL_RATE: f64 = INSIDE as f64 / 90.0;

/// The simulation's clock.
struct Simulated(AtomicI64);

impl Simulated {
    const BEGINS: i64 = 1_800_000_000;

    fn set(&self, second: i64) {
        self.0.store(second, Ordering::SeqCst);
    }
}

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp(Self::BEGINS + self.0.load(Ordering::SeqCst), 0).unwrap()
    }
}

/// What somebody does next.
#[derive(Clone, Copy)]
enum Deed {
    Asks,
    Leaves,
}

/// A room, its one instance, and those in it.
struct Life {
    store: SqliteStore,
    clock: Arc<Simulated>,
    view: RoomView,
    tickets: HashMap<u64, Ticket>,
    /// From which second on somebody never asks again.
    away_from: HashMap<u64, i64>,
    agenda: BTreeMap<i64, Vec<(u64, Deed)>>,
    asked: HashMap<u64, (Timestamp, Duration)>,
    told: HashMap<u64, Timestamp>,
    back: Vec<u64>,
    random: Rng,
    lived: Lived,
}

/// What was counted.
#[derive(Default)]
struct Lived {
    /// Turns that somebody came for.
    claimed: u64,
    /// Turns that nobody came for.
    no_shows: u64,
    passed_over: u64,
    /// Of those passed over, who had not walked away.
    wrongly: u64,
    /// Seconds of slots that nobody was in.
    idle: f64,
}

pub(crate) async fn measure(report: &mut Report) {
    report.heading("SQLite: those who walk away");
    let minutes = (LASTS - COUNTED_FROM) as f64 / 60.0;
    let (mut rows, mut ratios) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let (all_there, some_away) = (live(seed, 0).await, live(seed, AWAY_PERCENT).await);
        let ratio = some_away.claimed as f64 / all_there.claimed as f64;
        ratios.push(ratio);
        for (away, lived) in [(0, &all_there), (AWAY_PERCENT, &some_away)] {
            rows.push(vec![
                seed.to_string(),
                format!("{away} %"),
                decimals(lived.claimed as f64 / minutes, 2),
                lived.no_shows.to_string(),
                lived.passed_over.to_string(),
                lived.wrongly.to_string(),
                decimals(lived.idle / (minutes * 60.0 * f64::from(INSIDE)) * 100.0, 2),
            ]);
        }
    }
    report.text(&format!(
        "{WAITING} wait, {INSIDE} inside, a stay of {} to {} s, an hour counted from its minute {} on, in steps of a \
         second on the real store with the simulation's clock; claim time 60 s. Those who are there ask when they \
         were told to. Whoever walks away does so at a random moment of the wait.\n",
        STAYS.start(),
        STAYS.end(),
        COUNTED_FROM / 60,
    ));
    report.table(
        &[
            "seed",
            "walk away",
            "came, a minute",
            "no-shows",
            "passed over",
            "of them there",
            "slots empty, %",
        ],
        &rows,
    );
    let ratio = ratios.iter().sum::<f64>() / ratios.len() as f64;
    report
        .text(&format!("People who come are admitted at {} of the rate, on average.\n", decimals(ratio, 3)));
    report.verdict("30 % walking away cost less than 5 % of the rate", ratio > 0.95);
}

async fn live(seed: u64, away_percent: u64) -> Lived {
    eprintln!("absent: seed {seed}, {away_percent} %");
    let database = Database::sqlite().await;
    let mut life = Life::begin(&database, seed, away_percent).await;
    for second in 1..=LASTS {
        life.live_second(second).await;
        if second == COUNTED_FROM {
            life.lived = Lived::default();
        }
    }
    let since = Simulated::BEGINS + COUNTED_FROM;
    let micros = i64::pow(10, 6);
    let no_shows = format!(
        "SELECT count(*) FROM queue_tickets WHERE end_reason = 'NO_SHOW' AND ended_at > {}",
        since * micros
    );
    life.lived.no_shows = u64::try_from(database.number(&no_shows).await).unwrap();
    life.lived
}

impl Life {
    async fn begin(database: &Database, seed: u64, away_percent: u64) -> Self {
        let clock = Arc::new(Simulated(AtomicI64::new(0)));
        let url = database.url();
        let path = std::path::Path::new(url.strip_prefix("sqlite://").unwrap());
        let store = SqliteStore::open(path, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let long = std::time::Duration::from_mins(10);
        let claim = std::time::Duration::from_mins(1);
        store.set_first_policy(&policy(INSIDE, long, claim)).await.unwrap();
        let users = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ";
        let sql = format!(
            "INSERT INTO users (id, name, email, password_hash, registered_at)
             {users} {WAITING}) SELECT unhex(printf('%032x', n)), 'A fan', 'fan-' || n, 'none', 0 FROM numbers"
        );
        database.try_sql(&sql).await.unwrap();
        let view = RoomView::of(store.read_room(None).await.unwrap());
        let mut life = Self {
            store,
            clock,
            view,
            tickets: HashMap::new(),
            away_from: HashMap::new(),
            agenda: BTreeMap::new(),
            asked: HashMap::new(),
            told: HashMap::new(),
            back: Vec::new(),
            random: Rng::with_seed(seed),
            lived: Lived::default(),
        };
        life.all_join(away_percent).await;
        life.read().await;
        life
    }

    async fn all_join(&mut self, away_percent: u64) {
        for first in (1..=WAITING).step_by(250) {
            let join = |number| {
                let id = Uuid::from_u128(number);
                self.store.join(Newcomer { user: UserId(id), ticket: TicketId(id) })
            };
            let joined = join_all((u128::from(first)..u128::from(first) + 250).map(join)).await;
            for joined in joined {
                let domain::waiting_room::Joined::Issued(ticket) = joined.unwrap() else {
                    panic!("everybody joins once")
                };
                self.tickets.insert(ticket.number, ticket);
            }
        }
        // The same chances are drawn however many walk away, so that nothing else differs.
        for number in 1..=WAITING {
            let (chance, share, first_asks) =
                (self.random.u64(0..100), self.random.f64(), self.random.i64(1..=30));
            let admitted_at_once = number <= u64::from(INSIDE);
            if !admitted_at_once && chance < away_percent {
                let wait = number as f64 / FULL_RATE;
                self.away_from.insert(number, (share * wait) as i64);
            }
            if admitted_at_once {
                let stays = self.random.i64(1..=*STAYS.end());
                self.plan(stays, number, Deed::Leaves);
            } else {
                self.plan(first_asks, number, Deed::Asks);
            }
        }
    }

    fn plan(&mut self, second: i64, number: u64, deed: Deed) {
        self.agenda.entry(second).or_default().push((number, deed));
    }

    async fn live_second(&mut self, second: i64) {
        self.clock.set(second);
        let deeds = self.agenda.remove(&second).unwrap_or_default();
        let mut leaving = Vec::new();
        for (number, deed) in deeds {
            match deed {
                Deed::Leaves => leaving.push(self.tickets[&number].id),
                Deed::Asks => self.ask(number, second).await,
            }
        }
        join_all(leaving.into_iter().map(|ticket| self.store.leave(ticket))).await;
        self.read().await;
        if self.view.may_admit(self.clock.now()) {
            self.store.admit().await.unwrap();
            self.read().await;
        }
        if second % ROLL_CALL_EVERY.num_seconds() == 0 || !self.back.is_empty() {
            self.call_roll().await;
            self.read().await;
        }
        let live = self.view.overview(self.clock.now()).active;
        self.lived.idle += f64::from(INSIDE) - live as f64;
    }

    async fn read(&mut self) {
        let reading = self.store.read_room(Some(self.view.mark().clone())).await.unwrap();
        for event in self.view.take_in(reading) {
            if let domain::waiting_room::RoomEvent::PassedOver { number } = event {
                let second = self.clock.0.load(Ordering::SeqCst);
                self.lived.passed_over += 1;
                let is_away = self.away_from.get(&number).is_some_and(|from| *from <= second);
                self.lived.wrongly += u64::from(!is_away);
            }
        }
    }

    /// Asks as somebody does who was told to; claims a turn that has come, and lives it.
    async fn ask(&mut self, number: u64, second: i64) {
        if self.away_from.get(&number).is_some_and(|from| *from <= second) {
            return;
        }
        let (ticket, now) = (self.tickets[&number], self.clock.now());
        let standing = self.view.place(&ticket, now);
        if let Some(standing) = standing
            && standing.ticket.state == TicketState::Waiting
        {
            let told = standing.poll_after();
            self.asked.insert(number, (now, told));
            if self.view.is_passed_over(number) {
                self.back.push(number);
            }
            return self.plan(second + told.num_seconds(), number, Deed::Asks);
        }
        let claimed = self.store.claim(ticket.id, ticket.user).await.unwrap().unwrap();
        if let TicketState::Active { claimed: true, .. } = claimed.state_at(now) {
            self.lived.claimed += 1;
            let stays = self.random_stay(number);
            self.plan(second + stays, number, Deed::Leaves);
        }
    }

    /// Everybody's own, whoever else is there.
    fn random_stay(&self, number: u64) -> i64 {
        let mut random = Rng::with_seed(number.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ self.random.get_seed());
        random.i64(STAYS)
    }

    /// As an instance does: see `LiveRoom::roll` of adapter-live.
    async fn call_roll(&mut self) {
        let now = self.clock.now();
        let near_up_to = self.view.near_up_to();
        let sign = |number: u64| {
            let (asked_at, told) = self.asked.get(&number)?;
            Some(Sign { number, present_until: present_until(*asked_at, *told) })
        };
        let near = self.view.there_up_to(near_up_to).filter_map(sign);
        let mut signs: Vec<_> = near
            .filter(|sign| is_to_be_told(sign.present_until, self.told.get(&sign.number).copied(), now))
            .collect();
        signs.extend(self.back.iter().copied().filter_map(sign));
        self.back.clear();
        self.told.extend(signs.iter().map(|sign| (sign.number, sign.present_until)));
        self.told.retain(|_, until| *until > now);
        self.store.call_roll(&RollCall { signs, near_up_to }).await.unwrap();
    }
}
