//! How many can join in a second.

use std::process::Command;

use encore_benches::{
    http::request,
    load::once,
    report::{Report, decimals, median},
    room::{Kind, Room, policy},
};
use serde_json::json;

const CONNECTIONS: usize = 64;
const ROUNDS: u64 = 5;
const JOINS: u64 = 10_000;
const DAY: std::time::Duration = std::time::Duration::from_hours(24);
/// What a plain insert of a durable row costs the same server, as a yardstick.
const YARDSTICK: &str = "INSERT INTO yardstick DEFAULT VALUES;";

pub(crate) async fn measure(report: &mut Report) {
    report.heading("Joins");
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let room = Room::new(kind, &policy(1, DAY, DAY)).await;
        let (_instance, address) = room.serve(&[]).await;
        room.register(1..=JOINS * (ROUNDS + 1)).await;
        let yardstick = Yardstick::of(&room).await;
        let (mut rates, mut halves, mut mosts, mut ratios) = (vec![], vec![], vec![], vec![]);
        for round in 0..=ROUNDS {
            let joining = round * JOINS + 1..=(round + 1) * JOINS;
            let body = |number| json!({"userId": Room::user(number)}).to_string();
            let requests =
                joining.map(|number| request("POST", "/queue/tokens", None, Some(&body(number)))).collect();
            let mut load = once(address, CONNECTIONS, requests, 201).await;
            if round == 0 {
                continue;
            }
            rates.push(load.a_second());
            halves.push(load.microseconds(0.5) / 1e3);
            mosts.push(load.microseconds(0.99) / 1e3);
            ratios
                .extend(yardstick.as_ref().and_then(Yardstick::a_second).map(|most| load.a_second() / most));
        }
        let ratio = if ratios.is_empty() { "none".to_owned() } else { decimals(median(ratios), 2) };
        rows.push(vec![
            kind.name().to_owned(),
            decimals(median(rates), 0),
            decimals(median(halves), 1),
            decimals(median(mosts), 1),
            ratio,
        ]);
    }
    report.text(&format!(
        "Over HTTP, {CONNECTIONS} connections, {ROUNDS} rounds of {JOINS} users who join for the first time. The \
         yardstick is pgbench with as many clients that each insert a row of one column, after each round.\n"
    ));
    report.table(&["", "joins a second", "p50, ms", "p99, ms", "of the yardstick"], &rows);
}

/// pgbench on the same server.
struct Yardstick {
    url: String,
    script: tempfile::NamedTempFile,
}

impl Yardstick {
    async fn of(room: &Room) -> Option<Self> {
        let url = room.database.url();
        if !url.starts_with("postgres") || Command::new("pgbench").arg("--version").output().is_err() {
            return None;
        }
        room.database.try_sql("CREATE TABLE yardstick (id bigserial)").await.unwrap();
        let script = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(script.path(), YARDSTICK).unwrap();
        Some(Self { url, script })
    }

    fn a_second(&self) -> Option<f64> {
        let clients = CONNECTIONS.to_string();
        let output = Command::new("pgbench")
            .args([
                "--no-vacuum",
                "--protocol=prepared",
                "--jobs=2",
                "--time=3",
                "--client",
                &clients,
                "--file",
            ])
            .arg(self.script.path())
            .arg(&self.url)
            .output()
            .ok()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let line = told.lines().find(|line| line.starts_with("tps = "))?;
        line.split(' ').nth(2)?.parse().ok()
    }
}
