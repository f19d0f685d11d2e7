//! More is asked for than may be under way: what is beyond it is refused at once, and what was taken in is served.

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use encore_tests::{
    client::{Answer, Fan},
    databases::Database,
    postgres_server::PostgresServer,
    service::Service,
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use reqwest::Method;
use serde_json::{Value, json};

/// How many requests may be under way, and how many there are beyond them.
const AT_MOST: usize = 4;
const BEYOND: usize = 20;

const SETTINGS: &[(&str, &str)] = &[("ENCORE_REQUESTS_AT_MOST", "4"), ("ENCORE_LOG", "off")];

async fn charge<'a>(fan: &'a Fan<'a>) -> (&'a Fan<'a>, Answer) {
    (fan, fan.charge(3).await)
}

/// Asks for more than may be under way while a store is held up, and lets it go on.
async fn ask_for_too_much(service: &Service, hold_up: impl FnOnce(), go_on: impl FnOnce()) {
    let mut fans = vec![];
    for _ in 0..AT_MOST + BEYOND {
        fans.push(service.fan().await);
    }
    hold_up();
    let mut asked: FuturesUnordered<_> = fans.iter().map(charge).collect();
    let mut refused = vec![];
    for _ in 0..BEYOND {
        let (fan, answer) = asked.next().await.expect("everybody is answered");
        let answer = answer.refused(503, "STORE_UNAVAILABLE");
        assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
        refused.push(fan);
    }
    // What memory answers, and the operator, take no places.
    join_all(fans.iter().map(async |fan| fan.status().await.expect(200))).await;
    service.operator(Method::GET, "/admin/queue", Value::Null).await.expect(200);
    let metrics = reqwest::get(format!("{}/metrics", service.url())).await.unwrap().text().await.unwrap();
    assert!(metrics.contains(&format!("encore_http_requests_shed_total {BEYOND}\n")), "{metrics}");
    go_on();
    while let Some((_, answer)) = asked.next().await {
        answer.expect(201);
    }
    for fan in refused {
        fan.charge(3).await.expect(201);
    }
    for fan in &fans {
        assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(3), "charged once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_more_than_may_be_under_way_is_refused_at_once_while_a_server_is_frozen() {
    let server = PostgresServer::start().await;
    let service = Service::start(Database::on_own_server(&server.url()).await, 1, SETTINGS).await;
    ask_for_too_much(&service, || server.freeze(), || server.unfreeze()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_more_than_may_be_under_way_is_refused_at_once_while_a_file_is_locked() {
    let service = Service::start(Database::sqlite().await, 1, SETTINGS).await;
    let url = service.database.url();
    let outside =
        std::cell::RefCell::new(SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap());
    let run = |sql: &str| outside.borrow_mut().batch_execute(sql).unwrap();
    run("PRAGMA busy_timeout = 5000");
    ask_for_too_much(&service, || run("BEGIN EXCLUSIVE"), || run("ROLLBACK")).await;
}
