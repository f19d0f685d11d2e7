//! Ten thousand who follow their place on one instance.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use encore_benches::{
    http::{Connection, request},
    process::memory,
    report::{Report, decimals, percentile},
    room::{Kind, Room, policy},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::mpsc;

const STREAMS: u64 = 10_000;
const ADMITTED: u64 = 1_000;
/// For how long turns last: nobody is admitted but by the mass admission.
const DAY: Duration = Duration::from_hours(24);
/// The longest until somebody is told that others in front have gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody was told something.
struct Told {
    number: u64,
    is_turn: bool,
    at: Instant,
}

pub(crate) async fn measure(report: &mut Report) {
    report.heading(&format!("{STREAMS} streams on one instance"));
    for kind in Kind::ALL {
        // One is inside from the start.
        let room = Room::filled(kind, &policy(1, DAY, DAY), 0, STREAMS + 1).await;
        let (instance, address) = room.serve(&[]).await;
        room.wait_for_turns(1).await;
        let (before, _) = memory(instance.id());
        let (tell, mut told) = mpsc::unbounded_channel();
        let open = open_all(&room, address, &tell).await;
        drop(tell);
        hear(&mut told, |heard| heard.len() as u64 == STREAMS).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (after, _) = memory(instance.id());

        let began = Instant::now();
        admit_many(address).await;
        let answered = began.elapsed();
        let turn = |heard: &[Told]| heard.iter().filter(|told| told.is_turn).count() as u64 == ADMITTED;
        let heard = hear(&mut told, turn).await;
        let mut turns: Vec<f64> = heard
            .iter()
            .filter(|told| told.is_turn)
            .map(|told| (told.at - began).as_secs_f64() * 1e3)
            .collect();
        let told_of_others = heard.len() - turns.len();
        assert_eq!(
            turns.len() as u64,
            ADMITTED,
            "everybody who was admitted is told; {} are inside, {told_of_others} were told that others have gone",
            room.count("ACTIVE").await
        );
        let mut others: std::collections::HashMap<u64, f64> = heard
            .iter()
            .filter(|told| !told.is_turn)
            .map(|told| (told.number, (told.at - began).as_secs_f64()))
            .collect();
        let everybody = |heard: &[Told]| {
            let new = heard.iter().map(|told| told.number);
            let known: std::collections::HashSet<_> = others.keys().copied().chain(new).collect();
            known.len() as u64 == STREAMS - ADMITTED
        };
        for told in hear(&mut told, everybody).await {
            others.entry(told.number).or_insert((told.at - began).as_secs_f64());
        }
        let mut others: Vec<f64> = others.into_values().collect();
        let claimed =
            room.database.number("SELECT count(*) FROM queue_tickets WHERE claimed_at IS NOT NULL").await;
        report.table(
            &[kind.name(), ""],
            &[
                row("streams open", &STREAMS.to_string()),
                row(
                    "memory a stream, kB",
                    &decimals((after.saturating_sub(before)) as f64 / 1e3 / STREAMS as f64, 1),
                ),
                row(
                    &format!("admission of {ADMITTED} answered, ms"),
                    &decimals(answered.as_secs_f64() * 1e3, 0),
                ),
                row("told of the turn, p50, ms", &decimals(percentile(&mut turns, 0.5), 0)),
                row("told of the turn, p99, ms", &decimals(percentile(&mut turns, 0.99), 0)),
                row("told of the turn, the last, ms", &decimals(percentile(&mut turns, 1.0), 0)),
                row("turns claimed by their streams", &claimed.to_string()),
                row("others told of their new place", &others.len().to_string()),
                row("others told, p50, s", &decimals(percentile(&mut others, 0.5), 1)),
                row("others told, the last, s", &decimals(percentile(&mut others, 1.0), 1)),
            ],
        );
        open.store(0, Ordering::SeqCst);
    }
}

fn row(name: &str, figure: &str) -> Vec<String> {
    vec![name.to_owned(), figure.to_owned()]
}

async fn open_all(room: &Room, address: SocketAddr, tell: &mpsc::UnboundedSender<Told>) -> Arc<AtomicUsize> {
    let open = Arc::new(AtomicUsize::new(0));
    let opening = stream::iter(2..=STREAMS + 1).map(|number| {
        let (request, tell, open) =
            (room.request(number, "GET", "/queue/events"), tell.clone(), Arc::clone(&open));
        async move {
            let mut connection = Connection::open(address).await;
            connection.send(&request).await;
            let head = connection.head().await;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            open.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(follow(number, connection, tell));
        }
    });
    opening.buffer_unordered(128).collect::<Vec<()>>().await;
    open
}

/// Tells of every event of a stream until it ends.
async fn follow(number: u64, mut connection: Connection, tell: mpsc::UnboundedSender<Told>) {
    while let Some(chunk) = connection.chunk().await {
        let text = String::from_utf8_lossy(&chunk);
        if text.contains("event: status\n") {
            let is_turn = text.contains("\"status\":\"ACTIVE\"");
            if tell.send(Told { number, is_turn, at: Instant::now() }).is_err() {
                return;
            }
        }
    }
}

/// What is told until it is enough, or patience ends.
async fn hear(told: &mut mpsc::UnboundedReceiver<Told>, is_enough: impl Fn(&[Told]) -> bool) -> Vec<Told> {
    let mut heard = Vec::new();
    let until = tokio::time::Instant::now() + PATIENCE;
    while !is_enough(&heard) {
        match tokio::time::timeout_at(until, told.recv()).await {
            Ok(Some(news)) => heard.push(news),
            _ => break,
        }
    }
    heard
}

async fn admit_many(address: SocketAddr) {
    let body = json!({"maxActive": 1 + ADMITTED}).to_string();
    let request = request("PUT", "/admin/queue/policy", Some(encore_tests::service::ADMIN_KEY), Some(&body));
    let answer = Connection::open(address).await.ask(&request).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}
