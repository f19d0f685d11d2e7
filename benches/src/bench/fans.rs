//! The whole way of a fan: join, wait for the turn, look at dates and seats, hold one, charge, pay.

use std::{
    cell::RefCell,
    net::SocketAddr,
    ops::RangeInclusive,
    rc::Rc,
    time::{Duration, Instant},
};

use encore_benches::{
    findings::{Curve, Spread, Table, Verdict, Work, decimals},
    generator::{Connection, latencies, on_one_thread},
    hall::{PRICE, SEATS, concert_id},
    http::request,
    room::{Kind, Room, policy},
};
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::{
    Bench,
    scene::{DAY, Scene},
};

/// Turns that are live at a time, and fans who are on their way at a time.
const INSIDE: u32 = 50;
const ON_THEIR_WAY: u64 = 100;
/// The fans of a round.
const FANS: u64 = 1_000;
/// How long a fan waits before asking again where it stands.
const ASKS_EVERY: Duration = Duration::from_millis(20);

/// What the fans of a round share.
struct Crowd {
    address: SocketAddr,
    waiting: RefCell<RangeInclusive<u64>>,
    /// From the first question to the receipt, and from the turn to the receipt, in microseconds.
    whole: RefCell<Histogram<u64>>,
    inside: RefCell<Histogram<u64>>,
}

/// What came of a round.
struct Round {
    a_second: f64,
    whole: Histogram<u64>,
    inside: Histogram<u64>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let room = Room::new(kind, &policy(INSIDE, DAY, DAY)).await;
        let fans = FANS * (bench.rounds as u64 + 1);
        room.register_without_money(1..=fans).await;
        room.put_schedules(1, 1..=fans.div_ceil(SEATS)).await;
        let scene = Scene::start(room).await;
        let mut rounds = Vec::new();
        for round in 0..=bench.rounds as u64 {
            let (address, fans) = (scene.address, round * FANS + 1..=(round + 1) * FANS);
            let done = on_one_thread(move || play(address, fans)).await;
            eprintln!("round {round}: {:.0} fans a second", done.a_second);
            rounds.extend((round > 0).then_some(done));
        }
        let paid = scene.room.database.number("SELECT count(*) FROM payments").await;
        assert_eq!(paid as u64, fans, "expected every fan to have paid");
        tell(bench, kind, &rounds);
    }
}

/// So many fans, some at a time.
async fn play(address: SocketAddr, fans: RangeInclusive<u64>) -> Round {
    let (began, count) = (Instant::now(), fans.clone().count());
    let times = || RefCell::new(latencies());
    let crowd = Rc::new(Crowd { address, waiting: RefCell::new(fans), whole: times(), inside: times() });
    let living = (0..ON_THEIR_WAY).map(|_| {
        let crowd = Rc::clone(&crowd);
        tokio::task::spawn_local(async move { crowd.live_one_after_the_other().await })
    });
    for lived in join_all(living.collect::<Vec<_>>()).await {
        lived.expect("every fan comes to a receipt");
    }
    let a_second = count as f64 / began.elapsed().as_secs_f64();
    Round { a_second, whole: crowd.whole.borrow().clone(), inside: crowd.inside.borrow().clone() }
}

impl Crowd {
    async fn live_one_after_the_other(&self) {
        let mut connection = Connection::open(self.address).await.expect("connections are taken");
        loop {
            let Some(fan) = self.waiting.borrow_mut().next() else { return };
            let began = Instant::now();
            let admitted = live(&mut connection, fan).await;
            self.whole.borrow_mut().saturating_record(began.elapsed().as_micros() as u64);
            self.inside.borrow_mut().saturating_record(admitted.elapsed().as_micros() as u64);
        }
    }
}

/// Lives from the joining to the receipt, and tells when the turn came.
async fn live(connection: &mut Connection, fan: u64) -> Instant {
    let user = Room::user(fan);
    let mut ticket = ask(connection, "POST", "/queue/tokens", None, Some(json!({"userId": user}))).await.1;
    let token = ticket["token"].as_str().expect("a ticket has a token").to_owned();
    while ticket["status"] != "ACTIVE" {
        tokio::time::sleep(ASKS_EVERY).await;
        ticket = ask(connection, "GET", "/queue/status", Some(&token), None).await.1;
    }
    let admitted = Instant::now();
    let reservation = hold(connection, &token).await;
    let charges = format!("/users/{user}/balance/charges");
    done(ask(connection, "POST", &charges, Some(&token), Some(json!({"amount": PRICE}))).await);
    done(
        ask(connection, "POST", "/payments", Some(&token), Some(json!({"reservationId": reservation}))).await,
    );
    admitted
}

/// Looks for a seat that is free, until one is had.
async fn hold(connection: &mut Connection, token: &str) -> Value {
    loop {
        let path = format!("/concerts/{}/schedules", concert_id(1));
        let dates = ask(connection, "GET", &path, Some(token), None).await.1;
        let date = any_of(&dates)["scheduleId"].clone();
        let path = format!("/schedules/{}/seats", date.as_str().expect("a date has an id"));
        let seats = ask(connection, "GET", &path, Some(token), None).await.1;
        if seats.as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let body = json!({"scheduleId": date, "seatNumbers": [any_of(&seats)["seatNumber"]]});
        let (status, answer) = ask(connection, "POST", "/reservations", Some(token), Some(body)).await;
        if answer["code"] != "SEAT_TAKEN" {
            return done((status, answer))["reservationId"].clone();
        }
    }
}

async fn ask(
    connection: &mut Connection,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> (u16, Value) {
    let request = request(method, path, token, body.map(|body| body.to_string()).as_deref());
    let answer = connection.ask(&request).await.expect("every fan is answered");
    (answer.status, serde_json::from_slice(answer.body).expect("answers are JSON"))
}

fn done((status, answer): (u16, Value)) -> Value {
    assert_eq!(status, 201, "{answer}");
    answer
}

fn any_of(items: &Value) -> &Value {
    let items = items.as_array().expect("a list");
    assert!(!items.is_empty(), "expected something to be left");
    &items[fastrand::usize(..items.len())]
}

fn tell(bench: &mut Bench, kind: Kind, rounds: &[Round]) {
    let title = format!("The whole way of a fan, {INSIDE} turns at a time, {}", kind.name());
    let rates = Spread::of(rounds.iter().map(|round| round.a_second));
    let all = |times: fn(&Round) -> &Histogram<u64>| {
        rounds[1..].iter().fold(times(&rounds[0]).clone(), |mut all, round| {
            all.add(times(round)).expect("all have the same bounds");
            all
        })
    };
    let (whole, inside) = (all(|round| &round.whole), all(|round| &round.inside));
    bench.findings.judge(Verdict {
        work: title.clone(),
        figure: format!("{} fans/s", decimals(rates.median, 0)),
        limit: String::new(),
        value: rates,
        unit: "fans/s",
        target: None,
    });
    let row = |name: &str, times: &Histogram<u64>| {
        let mut row = vec![name.to_owned()];
        row.extend([0.5, 0.95, 0.99].map(|share| decimals(times.value_at_quantile(share) as f64 / 1e3, 1)));
        row
    };
    let head = ["", "p50, ms", "p95, ms", "p99, ms"].map(str::to_owned).to_vec();
    let rows =
        vec![row("from the joining to the receipt", &whole), row("from the turn to the receipt", &inside)];
    bench.findings.add(Work {
        title,
        about: format!(
            "{ON_THEIR_WAY} fans at a time join, ask every {} ms where they stand, and once it is their turn list the \
             dates and the seats of one, hold one (and look for another where it is taken), charge its price and pay; \
             the next fan follows. {FANS} fans a round.",
            ASKS_EVERY.as_millis()
        ),
        tables: vec![Table { head, rows }],
        curves: vec![Curve::of("joining to receipt", &whole), Curve::of("turn to receipt", &inside)],
    });
}
