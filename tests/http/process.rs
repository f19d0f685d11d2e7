//! The process: how it begins, tells how it is, and ends.

use std::{process::Stdio, time::Duration};

use encore_tests::{
    client::send,
    databases::Database,
    on_every_store,
    service::{Instance, Service, command},
};
use reqwest::Client;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    time::timeout,
};

on_every_store! { encore_tests::service;
    a_running_service_is_alive_and_ready_and_tells_its_numbers,
    the_documentation_is_served_and_loads_nothing_from_outside,
    a_terminated_service_finishes_what_is_in_flight_and_exits_with_0,
    busy_kept_connections_do_not_keep_the_service_from_ending,
}

async fn get(url: String) -> encore_tests::client::Answer {
    send(Client::new().get(url)).await
}

async fn a_running_service_is_alive_and_ready_and_tells_its_numbers(service: Service) {
    for url in service.urls() {
        get(format!("{url}/livez")).await.expect(200);
        get(format!("{url}/readyz")).await.expect(200);
        get(format!("{url}/api/v1/concerts")).await.expect(401);
        let metrics = get(format!("{url}/metrics")).await.expect(200);
        assert!(metrics.header("content-type").starts_with("text/plain"));
        let counted =
            metrics.text.lines().any(|line| line.contains("/api/v1/concerts") && line.contains("401"));
        assert!(counted, "requests are counted by route and status:\n{}", metrics.text);
    }
}

async fn the_documentation_is_served_and_loads_nothing_from_outside(service: Service) {
    let url = service.url().to_owned();
    let document = get(format!("{url}/api-docs/openapi.json")).await.expect(200);
    assert_eq!(document.body["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let page = get(format!("{url}/docs")).await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    for attribute in ["src=\"", "href=\""] {
        for loaded in page.text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!loaded.contains("//"), "{loaded} is loaded from outside");
            get(format!("{url}/docs/{}", loaded.trim_start_matches("./"))).await.expect(200);
        }
    }
}

async fn a_terminated_service_finishes_what_is_in_flight_and_exits_with_0(mut service: Service) {
    let mut instance = service.instances().remove(0);
    let address = instance.url.trim_start_matches("http://").to_owned();
    // A request of which the head has arrived and the body has not.
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let body = json!({"email": "nobody@example.org", "password": "whatever it is"}).to_string();
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&body.as_bytes()[..5]).await.unwrap();
    get(format!("{}/livez", instance.url)).await.expect(200);
    instance.ask_to_stop().await;
    connection.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(10), connection.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    let code = timeout(Duration::from_secs(20), instance.wait()).await.expect("it ends within 20 seconds");
    assert_eq!(code, Some(0));
}

async fn busy_kept_connections_do_not_keep_the_service_from_ending(mut service: Service) {
    let mut instance = service.instances().remove(0);
    let url = format!("{}/livez", instance.url);
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let (client, url) = (Client::new(), url.clone());
            tokio::spawn(async move { while client.get(&url).send().await.is_ok() {} })
        })
        .collect();
    send(Client::new().get(&url)).await.expect(200);
    instance.ask_to_stop().await;
    let code = timeout(Duration::from_secs(20), instance.wait()).await.expect("it ends within 20 seconds");
    assert_eq!(code, Some(0));
    for client in busy {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn readiness_ends_before_the_listener_does() {
    let database = Database::sqlite().await;
    let mut instance = Instance::start(&database.url(), &[("ENCORE_SHUTDOWN_DELAY_SECONDS", "2")]).await;
    get(format!("{}/readyz", instance.url)).await.expect(200);
    instance.ask_to_stop().await;
    let not_ready = async { while get(format!("{}/readyz", instance.url)).await.status == 200 {} };
    timeout(Duration::from_secs(2), not_ready).await.expect("it is not ready while it still listens");
    get(format!("{}/livez", instance.url)).await.expect(200);
    assert_eq!(instance.wait().await, Some(0));
}

#[tokio::test]
async fn a_second_instance_on_one_sqlite_file_is_refused() {
    let database = Database::sqlite().await;
    let _first = Instance::start(&database.url(), &[]).await;
    let second = command("encore", &database.url(), &[]).arg("serve").output().await.unwrap();
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && error.contains("another process"), "{error}");
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let service = encore_tests::service::sqlite().await;
    let fan = service.fan().await;
    fan.charge(17).await.expect(201);
    let user = fan.user;
    let service = service.restarted_with(&[]).await;
    let fan = service.join(user).await;
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(17));
    assert_eq!(fan.ticket["number"], json!(1), "the place is kept, too");
}

#[tokio::test]
async fn on_postgresql_a_token_secret_and_a_migrated_database_are_required() {
    let database = Database::postgres().await;
    let without_secret = command("encore", &database.url(), &[("ENCORE_TOKEN_SECRET", "")])
        .arg("serve")
        .output()
        .await
        .unwrap();
    let error = String::from_utf8_lossy(&without_secret.stderr).into_owned();
    assert!(!without_secret.status.success() && error.contains("ENCORE_TOKEN_SECRET"), "{error}");

    database.try_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    let unmigrated = command("encore", &database.url(), &[]).arg("serve").output().await.unwrap();
    let error = String::from_utf8_lossy(&unmigrated.stderr).into_owned();
    assert!(!unmigrated.status.success() && error.contains("encore migrate"), "{error}");
    assert!(command("encore", &database.url(), &[]).arg("migrate").status().await.unwrap().success());
    Service::start(database, 1, &[]).await;
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_nothing_is_served() {
    let database = Database::sqlite().await;
    let wrong = command("encore", &database.url(), &[("ENCORE_HOLD_SECONDS", "soon")]);
    let wrong = { wrong }.arg("serve").output().await.unwrap();
    let error = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && error.contains("ENCORE_HOLD_SECONDS"), "{error}");
    let checked = command("encore", &database.url(), &[]).args(["config", "check"]).output().await.unwrap();
    let shown = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success() && shown.contains("ENCORE_HOLD_SECONDS = 300"), "{shown}");
    assert!(!shown.contains(encore_tests::service::ADMIN_KEY), "{shown}");
}

#[tokio::test]
async fn the_demo_can_be_logged_in_to_and_is_made_once() {
    let database = Database::sqlite().await;
    for _ in 0..2 {
        let seed = command("encore", &database.url(), &[]).args(["seed", "--demo"]).status().await.unwrap();
        assert!(seed.success());
    }
    let service = Service::start(database, 1, &[]).await;
    let login = json!({"email": "ada@example.org", "password": "encore-demo"});
    let ticket = send(service.request(reqwest::Method::POST, "/queue/tokens").json(&login)).await.expect(201);
    let concerts = service.request(reqwest::Method::GET, "/concerts").bearer_auth(ticket.text_of("token"));
    let concerts = send(concerts).await.expect(200);
    assert_eq!(concerts.body["items"].as_array().map(Vec::len), Some(3));
}

/// Two schedulers on one database, and no instance that would do their work.
#[tokio::test]
async fn schedulers_tidy_up_what_ran_out() {
    let service = Service::start(Database::postgres().await, 1, &[("ENCORE_HOLD_SECONDS", "1")]).await;
    let show = service.concert(1_000).await;
    service.policy(json!({"sessionSeconds": 1, "maxActive": 1})).await;
    let first = service.fan().await;
    let second = service.fan().await;
    first.hold(show.schedule, &[1]).await.expect(201);
    let mut schedulers = vec![];
    for _ in 0..2 {
        let mut child =
            command("encore-scheduler", &service.database.url(), &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("scheduling"));
        schedulers.push(child);
    }
    let tidied = async {
        let expired = "SELECT count(*) FROM reservations WHERE status = 'EXPIRED'";
        let ended = "SELECT count(*) FROM queue_tickets WHERE end_reason = 'TIMED_OUT'";
        while service.database.number(expired).await != 1 || service.database.number(ended).await < 1 {}
    };
    timeout(Duration::from_secs(10), tidied).await.expect("the hold and the turn are tidied up");
    let status = second.status().await.expect(200);
    assert_ne!(status.body["status"], "WAITING", "the next was admitted: {status:?}");
    for mut scheduler in schedulers {
        let id = scheduler.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert_eq!(scheduler.wait().await.unwrap().code(), Some(0));
    }
}

/// The first block of shell lines under "A first ticket", as a newcomer copies it.
#[tokio::test]
async fn the_readmes_lines_buy_a_ticket() {
    let readme = include_str!("../../README.md");
    let section = readme.split("## A first ticket").nth(1).expect("the README has the section");
    let lines = section.split("```sh").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let database = Database::sqlite().await;
    assert!(
        command("encore", &database.url(), &[]).args(["seed", "--demo"]).status().await.unwrap().success()
    );
    let service = Service::start(database, 1, &[("ENCORE_IDENTITY", "password")]).await;
    let lines = lines.replace("http://127.0.0.1:8080", service.url());
    let run = Command::new("bash").args(["-euc", &lines]).output().await.unwrap();
    let answers = String::from_utf8_lossy(&run.stdout).into_owned();
    let last = answers.trim_end().lines().last().unwrap_or_default();
    assert!(run.status.success() && last.contains("\"reservationStatus\":\"PAID\""), "{answers}");
}
