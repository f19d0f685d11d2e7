//! Logging in: what is not told, and what is not written down.

use std::{fs, process::Stdio, time::Duration};

use encore_tests::{
    client::{Answer, send},
    databases::Database,
    on_every_store,
    service::{ADMIN_KEY, Service, TOKEN_SECRET, command},
};
use futures_util::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};
use uuid::Uuid;

on_every_store! { encore_tests::service;
    of_guesses_made_at_once_no_more_are_answered_than_one_after_the_other,
    an_unknown_address_and_a_wrong_password_are_answered_alike,
    no_secret_is_ever_logged,
}

const PASSWORD: &str = "a password that is nobody's";
/// Failures for one address that are answered.
const FAILURES_AT_MOST: usize = 10;

async fn log_in(url: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    send(Client::new().post(format!("{url}/api/v1/sessions")).json(&body)).await
}

/// Registers somebody, and tells the address.
async fn registered(url: &str) -> String {
    let email = format!("{}@example.org", Uuid::now_v7());
    let body = json!({"name": "Ada", "email": email, "password": PASSWORD});
    send(Client::new().post(format!("{url}/api/v1/users")).json(&body)).await.expect(201);
    email
}

async fn of_guesses_made_at_once_no_more_are_answered_than_one_after_the_other(service: Service) {
    let service = service.restarted_with(&[("ENCORE_RATE_LIMITS", "on")]).await;
    let url = service.urls()[0].to_owned();
    let email = registered(&url).await;
    let answers = join_all((0..40).map(|_| log_in(&url, &email, "a wrong guess"))).await;
    let (told, closed): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 401);
    assert_eq!(told.len(), FAILURES_AT_MOST, "expected so many guesses to be told to be wrong");
    for answer in closed {
        let answer = answer.refused(429, "TOO_MANY_ATTEMPTS");
        let seconds: u64 = answer.header("retry-after").parse().expect("a Retry-After in seconds");
        // Five minutes from the oldest failure, and from when the question came.
        assert!((1..=320).contains(&seconds), "{answer:?}");
    }
    log_in(&url, &email, PASSWORD).await.refused(429, "TOO_MANY_ATTEMPTS");
    let body = json!({"email": email, "password": PASSWORD});
    let join = Client::new().post(format!("{url}/api/v1/queue/tokens")).json(&body);
    send(join).await.refused(429, "TOO_MANY_ATTEMPTS");
    let other = registered(&url).await;
    log_in(&url, &other, PASSWORD).await.expect(201);
}

async fn an_unknown_address_and_a_wrong_password_are_answered_alike(service: Service) {
    let url = service.urls()[0].to_owned();
    let email = registered(&url).await;
    let mut answers = vec![];
    for email in [email.as_str(), "nobody@example.org"] {
        let mut answer = log_in(&url, email, "a wrong guess").await.refused(401, "BAD_CREDENTIALS");
        answer.body["requestId"] = Value::Null;
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
}

/// What is in the log of an instance that tells all it can, once it has been told every kind of secret in every
/// kind of call, good and bad.
async fn everything_is_logged(database: &Database) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut url = database.url();
    let database_password = "a-password-of-the-database";
    if url.starts_with("postgres") {
        url = format!("{url}&password={database_password}");
    }
    let mut child = command("encore", &url, &[("ENCORE_LOG", "trace")])
        .arg("serve")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = timeout(Duration::from_mins(1), lines.next_line()).await.unwrap().unwrap().unwrap();
    let url = first.strip_prefix("listening on ").expect("it serves").to_owned();
    let email = registered(&url).await;
    let session = log_in(&url, &email, PASSWORD).await.expect(201).text_of("accessToken");
    let guess = "a-wrong-guess-of-a-password";
    log_in(&url, &email, guess).await.expect(401);
    let call = |method: Method, path: &str| Client::new().request(method, format!("{url}/api/v1{path}"));
    let broken = format!("{{\"email\": \"{email}\", \"password\": \"{guess}\", ");
    let json_type = ("content-type", "application/json");
    send(call(Method::POST, "/sessions").header(json_type.0, json_type.1).body(broken)).await.expect(400);
    send(call(Method::POST, "/sessions").json(&json!({"email": [guess], "password": guess})))
        .await
        .expect(422);
    let join = call(Method::POST, "/queue/tokens").json(&json!({"email": email, "password": PASSWORD}));
    let ticket = send(join).await.expect(201);
    let (token, user) = (ticket.text_of("token"), ticket.id_of("userId"));
    send(call(Method::POST, "/queue/tokens").bearer_auth(&session).json(&json!({}))).await.expect(200);
    let charges = format!("/users/{user}/balance/charges");
    let key = "a-key-of-the-first-charge";
    let charge = call(Method::POST, &charges).bearer_auth(&token).header("idempotency-key", key);
    send(charge.json(&json!({"amount": 5}))).await.expect(201);
    let cut = &token[..token.len() - 2];
    send(call(Method::GET, "/queue/status").bearer_auth(cut)).await.expect(401);
    send(call(Method::GET, "/admin/queue").bearer_auth(ADMIN_KEY)).await.expect(200);
    let wrong_key = "a-wrong-key-of-the-operator";
    send(call(Method::GET, "/admin/queue").bearer_auth(wrong_key)).await.expect(401);
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    let secrets = [
        PASSWORD,
        guess,
        database_password,
        wrong_key,
        ADMIN_KEY,
        TOKEN_SECRET,
        &session,
        &token,
        cut,
        &email,
        key,
    ];
    (secrets.map(str::to_owned).to_vec(), fs::read_to_string(log).unwrap())
}

async fn no_secret_is_ever_logged(service: Service) {
    // The store is enough: on SQLite it has to be free.
    let database = service.into_database().await;
    let (secrets, log) = everything_is_logged(&database).await;
    assert!(log.contains("TRACE"), "expected everything to be logged, got {} bytes", log.len());
    for secret in secrets {
        let found = log.lines().find(|line| line.contains(&secret));
        assert_eq!(found, None, "expected {secret:?} not to be logged");
    }
}
