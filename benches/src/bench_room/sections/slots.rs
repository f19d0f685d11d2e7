//! How soon a freed slot is filled, with no scheduler.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use encore_benches::{
    http::{Connection, request},
    report::{Report, decimals, percentile},
    room::{Kind, Room, policy},
};
use encore_tests::databases::Database;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const INSIDE: u32 = 50;
const LASTS: Duration = Duration::from_secs(45);
/// How often is looked who was admitted.
const LOOKS_EVERY: Duration = Duration::from_millis(20);
const WAITING: u64 = 12_000;
const SCHEDULES: usize = 60;
/// The seats of a schedule.
pub(super) const SEATS: usize = 50;
const WITHIN: f64 = 200.0;

/// What becomes of somebody who is admitted.
#[derive(Clone, Copy)]
enum Fate {
    NoShow,
    Leaves,
    RunsOut,
    Pays { schedule: usize, seat: usize },
}

struct Stage {
    room: Room,
    addresses: Vec<SocketAddr>,
    schedules: Vec<String>,
}

pub(crate) async fn measure(report: &mut Report) {
    for (kind, instances) in [(Kind::Postgres, 3), (Kind::Sqlite, 1)] {
        report.heading(&format!("{}: a freed slot is filled, with no scheduler", kind.name()));
        let policy = policy(INSIDE, Duration::from_secs(2), Duration::from_secs(1));
        let room = Room::filled(kind, &policy, 0, WAITING).await;
        let servers = join_all((0..instances).map(|_| room.serve(&[]))).await;
        let addresses: Vec<_> = servers.iter().map(|(_, address)| *address).collect();
        let schedules = schedules(&servers[0].0.url, SCHEDULES).await;
        let stage = Arc::new(Stage { room, addresses, schedules });
        play(&stage).await;
        tell(report, &stage.room.database, instances).await;
    }
}

pub(super) async fn schedules(url: &str, number: usize) -> Vec<String> {
    let client = reqwest::Client::new();
    let post = async |path: String, body: Value| -> Value {
        let request = client.request(Method::POST, format!("{url}/api/v1{path}"));
        let request = request.bearer_auth(encore_tests::service::ADMIN_KEY).json(&body);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    };
    let concert = post("/admin/concerts".into(), json!({"name": "A concert"})).await;
    let path = format!("/admin/concerts/{}/schedules", concert["concertId"].as_str().unwrap());
    let mut schedules = Vec::new();
    for hour in 0..number {
        let date = chrono::Utc::now() + chrono::Duration::hours(720 + i64::try_from(hour).unwrap());
        let seats = json!([{"from": 1, "to": SEATS, "grade": "R", "price": 10}]);
        let body = json!({"concertDate": date.to_rfc3339(), "seats": seats});
        schedules.push(post(path.clone(), body).await["scheduleId"].as_str().unwrap().to_owned());
    }
    schedules
}

/// Lets people in for a while, and gives each who is admitted a fate.
async fn play(stage: &Arc<Stage>) {
    let began = Instant::now();
    let (mut seen, mut payers) = (0, 0);
    let mut living = Vec::new();
    while began.elapsed() < LASTS {
        let admitted = "SELECT coalesce(max(number), 0) FROM queue_tickets WHERE status <> 'WAITING'";
        let admitted = u64::try_from(stage.room.database.number(admitted).await).unwrap();
        for number in seen + 1..=admitted {
            let fate = match number % 4 {
                0 => Fate::NoShow,
                1 => Fate::Leaves,
                2 => Fate::RunsOut,
                _ => {
                    payers += 1;
                    Fate::Pays { schedule: payers / SEATS, seat: payers % SEATS + 1 }
                }
            };
            living.push(tokio::spawn(live(Arc::clone(stage), number, fate)));
        }
        seen = seen.max(admitted);
        tokio::time::sleep(LOOKS_EVERY).await;
    }
    for life in living {
        life.await.unwrap();
    }
}

async fn live(stage: Arc<Stage>, number: u64, fate: Fate) {
    if matches!(fate, Fate::NoShow) {
        return;
    }
    let address = stage.addresses[usize::try_from(number / 4).unwrap() % stage.addresses.len()];
    let mut connection = Connection::open(address).await;
    connection.ask(&stage.room.request(number, "GET", "/queue/status")).await;
    tokio::time::sleep(Duration::from_millis(number * 37 % 400)).await;
    match fate {
        Fate::NoShow | Fate::RunsOut => {}
        Fate::Leaves => {
            connection.ask(&stage.room.request(number, "DELETE", "/queue/tokens/current")).await;
        }
        Fate::Pays { schedule, seat } => {
            let Some(schedule) = stage.schedules.get(schedule) else { return };
            let token = stage.room.token(number);
            let mut post = async |path: &str, body: Value| -> Value {
                let body = body.to_string();
                let answer = connection.ask(&request("POST", path, Some(&token), Some(&body))).await;
                assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
                serde_json::from_slice(&answer.body).unwrap()
            };
            let held = post("/reservations", json!({"scheduleId": schedule, "seatNumbers": [seat]})).await;
            post("/payments", json!({"reservationId": held["reservationId"]})).await;
        }
    }
}

/// How long each freed slot stayed free, in milliseconds, with the reason of its freeing. Slots are all alike: the
/// one that was freed first is filled first. The room is full before the first is freed, and somebody always waits.
async fn gaps(database: &Database) -> Vec<(String, f64)> {
    let micros = |column: &str| match database {
        Database::Sqlite { .. } => column.to_owned(),
        Database::Postgres { .. } => format!("(extract(epoch FROM {column}) * 1000000)::bigint"),
    };
    let admitted = database
        .texts(&format!(
            "SELECT CAST({} AS text) AS text FROM queue_tickets WHERE admitted_at IS NOT NULL ORDER BY admitted_at",
            micros("admitted_at")
        ))
        .await;
    let ended = database
        .texts(&format!(
            "SELECT end_reason || ' ' || CAST({} AS text) AS text FROM queue_tickets WHERE status = 'ENDED'
             ORDER BY ended_at",
            micros("ended_at")
        ))
        .await;
    let admitted = admitted.iter().skip(INSIDE as usize).map(|at| at.parse::<i64>().unwrap());
    let gap = |(ended, filled): (&String, i64)| {
        let (reason, freed) = ended.split_once(' ').unwrap();
        (reason.to_owned(), (filled - freed.parse::<i64>().unwrap()) as f64 / 1e3)
    };
    ended.iter().zip(admitted).map(gap).collect()
}

async fn tell(report: &mut Report, database: &Database, instances: usize) {
    let gaps = gaps(database).await;
    let row = |name: &str, wanted: &dyn Fn(&str) -> bool| {
        let mut gaps: Vec<f64> = gaps.iter().filter(|(reason, _)| wanted(reason)).map(|gap| gap.1).collect();
        let figures = [0.5, 0.99, 1.0].map(|share| decimals(percentile(&mut gaps, share), 1));
        [vec![name.to_owned(), gaps.len().to_string()], figures.to_vec()].concat()
    };
    let mut rows: Vec<_> = [
        ("a payment", "PAID"),
        ("a leave", "LEFT"),
        ("a turn that ran out", "TIMED_OUT"),
        ("a no-show", "NO_SHOW"),
    ]
    .iter()
    .map(|(name, reason)| row(name, &|found| found == *reason))
    .collect();
    rows.push(row("all", &|_| true));
    let head = ["freed by", "slots", "p50, ms", "p99, ms", "longest, ms"];
    report.text(&format!("{instances} instance(s), {INSIDE} inside, {} s.\n", LASTS.as_secs()));
    report.table(&head, &rows);
    let mut all: Vec<f64> = gaps.iter().map(|gap| gap.1).collect();
    report.verdict("a freed slot is filled within 200 ms (p99)", percentile(&mut all, 0.99) <= WITHIN);
}
