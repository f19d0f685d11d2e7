//! A store that hangs: a server that is frozen, connections that are cut, a file that another process has locked.
//! Everybody is answered in time, and what was not known to be done is done once when it is asked for again.

use std::{cell::Cell, future::Future, time::Duration};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use encore_tests::{
    client::{Answer, Fan, send},
    databases::Database,
    postgres_server::PostgresServer,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::operations::{Cast, Needs};

/// How long anybody waits for an answer, at most, as `docs/operations.md` has it.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How soon the service finds back.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

/// A store that is away is no news to these tests.
const QUIET: &[(&str, &str)] = &[("ENCORE_LOG", "off")];

/// Insists that an answer comes in time.
async fn in_time(what: &str, answer: impl Future<Output = Answer>) -> Answer {
    let asked = Instant::now();
    let answer = answer.await;
    assert!(asked.elapsed() <= ANSWERED_WITHIN, "{what} was answered after {:?}", asked.elapsed());
    answer
}

/// Insists on an answer in time, from memory or that the store is away.
async fn is_told(what: &str, needs: Needs, request: RequestBuilder) {
    let answer = in_time(what, send(request)).await;
    if needs == Needs::Memory {
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        return;
    }
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("STORE_UNAVAILABLE")),
        "{what}: {answer:?}"
    );
    assert!(!answer.header("retry-after").is_empty(), "{what}: {answer:?}");
    answer.assert_problem();
}

/// Waits until every instance is ready, and everything can be done there.
async fn finds_back(service: &Service) {
    let found = async {
        for url in service.urls() {
            while reqwest::get(format!("{url}/readyz")).await.unwrap().status() != 200 {
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    timeout(FOUND_WITHIN, found).await.expect("the service finds back by itself");
    for _ in service.urls() {
        somebody_buys(service).await;
    }
}

async fn somebody_buys(service: &Service) {
    let (show, fan) = (service.concert(100).await, service.fan().await);
    fan.charge(100).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    fan.pay(reservation).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_of_a_frozen_server_is_answered_in_time_and_it_is_found_again() {
    let server = PostgresServer::start().await;
    let service = Service::start(Database::on_own_server(&server.url()).await, 2, QUIET).await;
    let cast = Cast::new(&service).await;
    server.freeze();
    // First on the connections there are, then on new ones; and more at once than there may be.
    for copies in [1, 1, 3] {
        let asked = (0..copies).flat_map(|_| cast.operations());
        join_all(asked.map(|(what, needs, request)| is_told(what, needs, request))).await;
    }
    server.unfreeze();
    finds_back(&service).await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'
                AND now() - state_change > interval '1 second'";
    assert_eq!(service.database.number(open).await, 0, "expected no transaction to be left open");
}

/// Somebody who charges again and again, each time with a key of its own, until told to stop.
struct Charges {
    over: Cell<bool>,
    /// Those of which nobody knows whether they were made.
    unknown: std::cell::RefCell<Vec<(usize, String)>>,
    made: Cell<u32>,
}

impl Charges {
    const fn new() -> Self {
        let unknown = std::cell::RefCell::new(Vec::new());
        Self { over: Cell::new(false), unknown, made: Cell::new(0) }
    }

    async fn go_on(&self, fans: &[Fan<'_>]) {
        join_all(fans.iter().enumerate().map(|(place, fan)| self.go_on_charging(place, fan))).await;
    }

    async fn go_on_charging(&self, place: usize, fan: &Fan<'_>) {
        while !self.over.get() {
            let key = Uuid::now_v7().to_string();
            let answer = in_time("a charge", charge(fan, &key)).await;
            if answer.status == 201 {
                self.made.set(self.made.get() + 1);
                continue;
            }
            // A connection that the client has kept for later without a word is closed just when it is used.
            if answer.status != 408 {
                answer.refused(503, "STORE_UNAVAILABLE");
            }
            self.unknown.borrow_mut().push((place, key));
        }
    }

    /// Asks once more for what nobody knows, and insists that everything has happened once.
    async fn settle(self, service: &Service, fans: &[Fan<'_>]) {
        let unknown = self.unknown.into_inner();
        assert!(!unknown.is_empty(), "expected a charge to be under way");
        for (place, key) in &unknown {
            charge(&fans[*place], key).await.expect(201);
        }
        let expected = i64::from(self.made.get()) + i64::try_from(unknown.len()).unwrap();
        let entries = fans.iter().map(|fan| format!("user_id = {}", service.database.id(fan.user)));
        let entries = entries.collect::<Vec<_>>().join(" OR ");
        let charged = format!("SELECT count(*) FROM ledger_entries WHERE {entries}");
        assert_eq!(service.database.number(&charged).await, expected, "expected every charge once");
        let wrong = "SELECT count(*) FROM wallets WHERE balance <>
                     (SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE user_id = wallets.user_id)";
        assert_eq!(
            service.database.number(wrong).await,
            0,
            "expected balances to be the sum of their entries"
        );
    }
}

async fn charge(fan: &Fan<'_>, key: &str) -> Answer {
    fan.post_once(&format!("/users/{}/balance/charges", fan.user), key, json!({"amount": 3})).await
}

async fn fans(service: &Service, number: usize) -> Vec<Fan<'_>> {
    let mut fans = vec![];
    for _ in 0..number {
        fans.push(service.fan().await);
    }
    fans
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_when_the_server_froze_is_answered_in_time_and_done_once() {
    let server = PostgresServer::start().await;
    let service = Service::start(Database::on_own_server(&server.url()).await, 2, QUIET).await;
    let fans = fans(&service, 24).await;
    let charges = Charges::new();
    let freezes = async {
        for _ in 0..2 {
            sleep(Duration::from_secs(1)).await;
            server.freeze();
            sleep(Duration::from_secs(7)).await;
            server.unfreeze();
            finds_back(&service).await;
        }
        charges.over.set(true);
    };
    tokio::join!(freezes, charges.go_on(&fans));
    charges.settle(&service, &fans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_under_way_when_connections_are_cut_is_done_once() {
    let service = Service::start(Database::postgres().await, 2, QUIET).await;
    let fans = fans(&service, 24).await;
    let charges = Charges::new();
    let cuts = async {
        for _ in 0..20 {
            sleep(Duration::from_millis(100)).await;
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            service.database.number(cut).await;
        }
        charges.over.set(true);
    };
    tokio::join!(cuts, charges.go_on(&fans));
    finds_back(&service).await;
    charges.settle(&service, &fans).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changes_a_file_that_another_process_has_locked_is_told_in_time() {
    let service = Service::start(Database::sqlite().await, 1, QUIET).await;
    let cast = Cast::new(&service).await;
    let charges = Charges::new();
    let url = service.database.url();
    let path = url.strip_prefix("sqlite://").unwrap();
    let mut outside = SqliteConnection::establish(path).unwrap();
    outside.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let fans = fans(&service, 8).await;
    let locks = async {
        sleep(Duration::from_millis(300)).await;
        outside.batch_execute("BEGIN EXCLUSIVE").unwrap();
        let changes = ["register", "join", "leave", "hold", "cancel", "charge", "pay", "a concert", "policy"];
        let asked = cast.operations().into_iter().filter(|(what, ..)| changes.contains(what));
        join_all(asked.map(|(what, needs, request)| is_told(what, needs, request))).await;
        sleep(Duration::from_secs(3)).await;
        outside.batch_execute("ROLLBACK").unwrap();
        finds_back(&service).await;
        charges.over.set(true);
    };
    tokio::join!(locks, charges.go_on(&fans));
    charges.settle(&service, &fans).await;
}
