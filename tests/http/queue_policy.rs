//! What the operator changes on one instance holds on every one within a second.

use std::time::Duration;

use encore_tests::{
    client::{Answer, Fan, send},
    service::{self, ADMIN_KEY, Service},
};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

const WITHIN: Duration = Duration::from_secs(1);

/// Changes the policy on one instance.
async fn change_on(url: &str, change: Value) -> Instant {
    let request = Client::new().put(format!("{url}/api/v1/admin/queue/policy")).bearer_auth(ADMIN_KEY);
    send(request.json(&change)).await.expect(200);
    Instant::now()
}

async fn join_on(url: &str, user: Uuid) -> Answer {
    send(Client::new().post(format!("{url}/api/v1/queue/tokens")).json(&json!({"userId": user}))).await
}

async fn status_on(url: &str, fan: &Fan<'_>) -> Value {
    let request = Client::new().get(format!("{url}/api/v1/queue/status")).bearer_auth(&fan.token);
    send(request).await.expect(200).body["status"].clone()
}

/// Asks for the place on this instance until it is the turn, and insists that it is within a second of a change.
async fn expect_active(url: &str, fan: &Fan<'_>, changed: Instant) {
    let active = async { while status_on(url, fan).await != "ACTIVE" {} };
    let left = WITHIN.saturating_sub(changed.elapsed());
    timeout(left, active).await.expect("expected the turn to have come within a second of the change");
}

/// What an instance knows of the room.
async fn queue_on(url: &str) -> Value {
    let request = Client::new().get(format!("{url}/api/v1/admin/queue")).bearer_auth(ADMIN_KEY);
    send(request).await.expect(200).body
}

async fn fans(service: &Service, count: usize) -> Vec<Fan<'_>> {
    let mut fans = vec![];
    for _ in 0..count {
        fans.push(service.fan().await);
    }
    fans
}

async fn active(service: &Service) -> i64 {
    service.database.number("SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_that_is_raised_on_one_instance_admits_on_all() {
    let service = service::postgres().await;
    let urls = service.urls();
    service.policy(json!({"maxActive": 1})).await;
    let fans = fans(&service, 6).await;
    let changed = change_on(urls[0], json!({"maxActive": 4})).await;
    for fan in &fans[..4] {
        join_all(urls.iter().map(|url| expect_active(url, fan, changed))).await;
    }
    for url in &urls {
        assert_eq!(status_on(url, &fans[4]).await, "WAITING");
    }
    // Joins go by the same cap on every instance: with two left in all, the third newcomer waits.
    for fan in &fans[..4] {
        fan.leave().await.expect(204);
    }
    for (url, expected) in urls.iter().zip(["ACTIVE", "ACTIVE", "WAITING"]) {
        let joined = join_on(url, service.user().await).await.expect(201);
        assert_eq!(joined.body["status"], expected, "two of four slots are taken by those who waited");
    }
    assert_eq!(active(&service).await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_that_is_lowered_on_one_instance_throws_nobody_out_and_lets_nobody_in_on_any() {
    let service = service::postgres().await;
    let urls = service.urls();
    service.policy(json!({"maxActive": 4})).await;
    let show = service.concert(1_000).await;
    let fans = fans(&service, 5).await;
    change_on(urls[0], json!({"maxActive": 2})).await;
    for (seat, fan) in (1..).zip(&fans[..4]) {
        fan.hold(show.schedule, &[seat]).await.expect(201);
    }
    for (url, leaver) in urls.iter().zip(&fans[..2]) {
        leaver.leave().await.expect(204);
        let joined = join_on(url, service.user().await).await.expect(201);
        assert_eq!(joined.body["status"], "WAITING", "two or three are inside, and two may be");
    }
    sleep(WITHIN).await;
    for url in &urls {
        assert_eq!(status_on(url, &fans[4]).await, "WAITING");
    }
    fans[2].leave().await.expect(204);
    let left = Instant::now();
    join_all(urls.iter().map(|url| expect_active(url, &fans[4], left))).await;
    assert_eq!(active(&service).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_paused_on_one_instance_takes_and_admits_nobody_on_any() {
    let service = service::postgres().await;
    let urls = service.urls();
    service.policy(json!({"maxActive": 1})).await;
    let fans = fans(&service, 3).await;
    let newcomer = service.user().await;
    let paused = change_on(urls[0], json!({"state": "PAUSED"})).await;
    fans[0].leave().await.expect(204);
    while paused.elapsed() < 2 * WITHIN {
        for url in &urls {
            join_on(url, newcomer).await.refused(503, "QUEUE_CLOSED");
            assert_eq!(status_on(url, &fans[1]).await, "WAITING");
        }
    }
    for url in &urls {
        assert_eq!(queue_on(url).await["state"], "PAUSED");
    }
    assert_eq!(active(&service).await, 0);

    let opened = change_on(urls[1], json!({"state": "OPEN"})).await;
    join_all(urls.iter().map(|url| expect_active(url, &fans[1], opened))).await;
    let statuses = join_all(urls.iter().map(|url| join_on(url, newcomer))).await;
    let created = statuses.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1, "one of three joins issues the ticket: {statuses:?}");
    assert_eq!((active(&service).await, status_on(urls[2], &fans[2]).await), (1, json!("WAITING")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_was_changed_on_one_instance_is_shown_by_all() {
    let service = service::postgres().await;
    let urls = service.urls();
    for (url, cap) in urls.iter().zip([7, 8, 9]) {
        let changed =
            change_on(url, json!({"maxActive": cap, "strategy": "BOTH", "claimSeconds": cap})).await;
        for url in &urls {
            let shown = async {
                loop {
                    let policy = &queue_on(url).await["policy"];
                    if policy["maxActive"] == cap && policy["claimSeconds"] == cap {
                        return;
                    }
                }
            };
            let left = WITHIN.saturating_sub(changed.elapsed());
            timeout(left, shown).await.expect("expected every instance to show it within a second");
        }
    }
}
