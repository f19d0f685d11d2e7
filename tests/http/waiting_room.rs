//! Waiting for one's turn.

use std::time::Duration;

use encore_tests::{
    client::{Fan, send},
    databases::Database,
    on_every_store,
    service::{self, Service},
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

on_every_store! { encore_tests::service;
    places_are_handed_out_in_the_order_of_arrival,
    numbers_have_no_gap_however_many_come_at_once,
    asking_again_gives_the_same_place,
    a_waiting_fan_is_told_where_and_when_to_ask_again,
    leaving_admits_the_next,
    whoever_is_ahead_and_leaves_is_no_longer_counted,
    a_full_room_admits_nobody_above_the_cap,
    a_raised_cap_admits_at_once,
    a_paused_room_takes_nobody_new,
    who_asks_much_faster_than_told_is_refused_for_a_while,
    a_turn_nobody_claims_goes_to_the_next,
    any_call_claims_the_turn,
    the_operator_sees_the_room_change,
    a_queue_token_is_no_access_token_and_the_other_way_round,
    a_place_is_given_by_a_known_identity_only,
}

/// The service without any scheduler.
mod without_scheduler {
    use super::{Database, Service, service};

    const SETTINGS: &[(&str, &str)] = &[("ENCORE_SCHEDULER", "outside")];

    pub(super) async fn sqlite() -> Service {
        Service::start(Database::sqlite().await, 1, SETTINGS).await
    }

    pub(super) async fn postgres() -> Service {
        Service::start(Database::postgres().await, service::INSTANCES, SETTINGS).await
    }
}

mod unscheduled {
    use super::*;

    on_every_store! { super::super::without_scheduler;
        paying_ends_the_turn_everywhere_and_admits_the_next_within_a_second,
    }

    async fn paying_ends_the_turn_everywhere_and_admits_the_next_within_a_second(service: Service) {
        service.policy(json!({"maxActive": 1})).await;
        let show = service.concert(1_000).await;
        let buyer = service.fan().await;
        let next = service.fan().await;
        assert_eq!((&buyer.ticket["status"], &next.ticket["status"]), (&json!("ACTIVE"), &json!("WAITING")));
        buyer.charge(1_000).await.expect(201);
        let reservation = buyer.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");

        buyer.pay(reservation).await.expect(201);
        let paid = Instant::now();
        for _ in 0..service.urls().len() {
            buyer.hold(show.schedule, &[2]).await.refused(401, "QUEUE_TOKEN_ENDED");
        }
        until_active(&next).await;
        assert!(paid.elapsed() < Duration::from_secs(1), "the next was admitted after {:?}", paid.elapsed());
        next.hold(show.schedule, &[2]).await.expect(201);
    }
}

/// Asks until the turn has come, which it does within some seconds.
async fn until_active(fan: &Fan<'_>) -> Value {
    let asking = async {
        loop {
            let status = fan.status().await.expect(200);
            if status.body["status"] == "ACTIVE" {
                return status.body;
            }
        }
    };
    timeout(Duration::from_secs(5), asking).await.expect("the turn comes within five seconds")
}

async fn places_are_handed_out_in_the_order_of_arrival(service: Service) {
    service.policy(json!({"maxActive": 2})).await;
    for number in 1..=6 {
        let fan = service.fan().await;
        assert_eq!(fan.ticket["number"], json!(number));
        assert_eq!(fan.ticket["status"], if number <= 2 { "ACTIVE" } else { "WAITING" });
        assert_eq!(fan.ticket["ahead"], json!(if number <= 2 { 0 } else { number - 3 }));
    }
}

async fn numbers_have_no_gap_however_many_come_at_once(service: Service) {
    let users = join_all((0..60).map(|_| service.user())).await;
    let fans = join_all(users.into_iter().map(|user| service.join(user))).await;
    let mut numbers: Vec<_> = fans.iter().map(|fan| fan.ticket["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}

async fn asking_again_gives_the_same_place(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let body = json!({"userId": fan.user});
    let again = send(service.request(Method::POST, "/queue/tokens").json(&body)).await.expect(200);
    assert_eq!(again.body["number"], fan.ticket["number"]);
    assert_eq!(again.body["issuedAt"], fan.ticket["issuedAt"]);
    fan.status().await.expect(200);
    let new = send(service.request(Method::GET, "/queue/status").bearer_auth(again.text_of("token")));
    assert_eq!(new.await.expect(200).body["number"], fan.ticket["number"], "both tokens are good");
}

async fn a_waiting_fan_is_told_where_and_when_to_ask_again(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let inside = service.fan().await;
    let fan = service.fan().await;
    let status = fan.status().await.expect(200);
    assert!(status.body.get("token").is_none(), "only joining gives a token: {status:?}");
    assert_eq!((&status.body["ahead"], &status.body["waiting"]), (&json!(0), &json!(1)));
    assert_eq!(status.header("retry-after"), status.body["pollAfterSeconds"].to_string());
    for member in ["expiresAt", "reason"] {
        assert_eq!(status.body[member], json!(null), "{member} is there without a value");
    }
    let refused = fan.get("/concerts").await.refused(403, "NOT_ADMITTED");
    assert_eq!(refused.body["ahead"], json!(0));
    assert_eq!(refused.header("retry-after"), refused.body["pollAfterSeconds"].to_string());
    let status = inside.status().await.expect(200);
    assert!(status.body["expiresAt"].is_string() && status.header("retry-after").is_empty(), "{status:?}");
}

async fn leaving_admits_the_next(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let first = service.fan().await;
    let second = service.fan().await;
    first.leave().await.expect(204);
    until_active(&second).await;
    let ended = first.leave().await.refused(401, "QUEUE_TOKEN_ENDED");
    assert_eq!(ended.body["reason"], "LEFT");
    let back = service.join(first.user).await;
    assert_eq!((&back.ticket["number"], &back.ticket["status"]), (&json!(3), &json!("WAITING")));
}

async fn whoever_is_ahead_and_leaves_is_no_longer_counted(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let _ahead = service.fan().await;
    let leaver = service.fan().await;
    let fan = service.fan().await;
    assert_eq!(fan.status().await.expect(200).body["ahead"], json!(2));
    leaver.leave().await.expect(204);
    let seen = async { while fan.status().await.expect(200).body["ahead"] != json!(1) {} };
    timeout(Duration::from_secs(2), seen).await.expect("one less is ahead");
}

async fn a_full_room_admits_nobody_above_the_cap(service: Service) {
    service.policy(json!({"maxActive": 5})).await;
    let users = join_all((0..40).map(|_| service.user())).await;
    let fans = join_all(users.into_iter().map(|user| service.join(user))).await;
    let active = fans.iter().filter(|fan| fan.ticket["status"] == "ACTIVE").count();
    assert_eq!(active, 5);
    let stored = service.database.number("SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'").await;
    assert_eq!(stored, 5);
}

async fn a_raised_cap_admits_at_once(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let policy = service.policy(json!({"maxActive": 2})).await;
    assert_eq!(policy.body["maxActive"], json!(2));
    until_active(&fan).await;
}

async fn a_paused_room_takes_nobody_new(service: Service) {
    let inside = service.fan().await;
    service.policy(json!({"state": "PAUSED"})).await;
    let user = service.user().await;
    let closed = send(service.request(Method::POST, "/queue/tokens").json(&json!({"userId": user}))).await;
    let closed = closed.refused(503, "QUEUE_CLOSED");
    assert!(!closed.header("retry-after").is_empty());
    let again = service.join(inside.user).await;
    assert_eq!(again.ticket["number"], inside.ticket["number"], "who is in keeps the place");
    service.policy(json!({"state": "OPEN"})).await;
    service.join(user).await;
}

async fn who_asks_much_faster_than_told_is_refused_for_a_while(service: Service) {
    let service = service.restarted_with(&[("ENCORE_RATE_LIMITS", "on")]).await;
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let asking = async {
        loop {
            let answer = fan.status().await;
            if answer.status != 200 {
                return answer;
            }
        }
    };
    let refused = timeout(Duration::from_secs(5), asking).await.expect("it is too fast at some time");
    let refused = refused.refused(429, "POLLING_TOO_FAST");
    let again_after = refused.header("retry-after").parse().expect("it is told when to ask again");
    tokio::time::sleep(Duration::from_secs(again_after)).await;
    fan.status().await.expect(200);
}

async fn a_turn_nobody_claims_goes_to_the_next(service: Service) {
    service.policy(json!({"maxActive": 1, "claimSeconds": 1})).await;
    let inside = service.fan().await;
    let no_show = service.fan().await;
    let next = service.fan().await;
    inside.leave().await.expect(204);
    until_active(&next).await;
    let ended = no_show.get("/concerts").await.refused(401, "QUEUE_TOKEN_ENDED");
    assert_eq!(ended.body["reason"], "NO_SHOW");
    let status = no_show.status().await.expect(200);
    assert_eq!((&status.body["status"], &status.body["reason"]), (&json!("ENDED"), &json!("NO_SHOW")));
}

async fn any_call_claims_the_turn(service: Service) {
    service.policy(json!({"maxActive": 1, "claimSeconds": 2})).await;
    let show = service.concert(1_000).await;
    let claimed = "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND claimed_at IS NOT NULL";
    for path in ["/concerts", "/queue/status", "/reservations", "/payments"] {
        let inside = service.fan().await;
        let fan = service.fan().await;
        inside.leave().await.expect(204);
        // Reads that need no turn claim one as soon as the instance knows of it.
        let claiming = async {
            while {
                fan.get(path).await.expect(200);
                service.database.number(claimed).await == 0
            } {}
        };
        timeout(Duration::from_secs(1), claiming).await.unwrap_or_else(|_| panic!("{path} claims the turn"));
        fan.leave().await.expect(204);
    }
    let inside = service.fan().await;
    let fan = service.fan().await;
    inside.leave().await.expect(204);
    fan.hold(show.schedule, &[1]).await.expect(201);
    assert_eq!(service.database.number(claimed).await, 1, "a hold claims the turn");
}

async fn the_operator_sees_the_room_change(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let _waiting = service.fan().await;
    let queue = service.operator(Method::GET, "/admin/queue", Value::Null).await.expect(200);
    let numbers =
        ["waiting", "active", "issued", "admittedLastMinute", "passedOver"].map(|name| &queue.body[name]);
    assert_eq!(numbers, [&json!(1), &json!(1), &json!(2), &json!(1), &json!(0)]);
    assert!(queue.body["ageMilliseconds"].as_u64().unwrap() < 250, "{queue:?}");
    let expected = [
        "encore_queue_waiting 1",
        "encore_queue_active 1",
        "encore_queue_passed_over 0",
        "encore_queue_joins_total 2",
        "encore_queue_admissions_total 1",
        "encore_queue_ended_total{reason=\"NO_SHOW\"} 0",
        "encore_queue_waiting_duration_seconds_count 1",
    ];
    for url in service.urls() {
        let measured = async {
            loop {
                let metrics = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
                if expected.iter().all(|line| metrics.lines().any(|found| found == *line)) {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(1), measured).await.expect("every instance tells of the whole room");
    }
}

async fn a_queue_token_is_no_access_token_and_the_other_way_round(service: Service) {
    let account = json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"});
    send(service.request(Method::POST, "/users").json(&account)).await.expect(201);
    let session = send(service.request(Method::POST, "/sessions").json(&account)).await.expect(201);
    let access = session.text_of("accessToken");
    let with = |method, path, token: &str| send(service.request(method, path).bearer_auth(token));
    let ticket = with(Method::POST, "/queue/tokens", &access).await.expect(201);
    let queue = ticket.text_of("token");
    with(Method::POST, "/queue/tokens", &queue).await.refused(401, "UNAUTHENTICATED");
    with(Method::GET, "/queue/status", &access).await.refused(401, "UNAUTHENTICATED");
    with(Method::GET, "/concerts", &access).await.refused(401, "UNAUTHENTICATED");
}

async fn a_place_is_given_by_a_known_identity_only(service: Service) {
    let join = |body: Value| send(service.request(Method::POST, "/queue/tokens").json(&body));
    let nobody = uuid::Uuid::now_v7();
    join(json!({"userId": nobody})).await.refused(404, "USER_NOT_FOUND");
    join(json!({})).await.refused(401, "UNAUTHENTICATED");
    let wrong = json!({"email": "nobody@example.org", "password": "whatever it is"});
    join(wrong).await.refused(401, "BAD_CREDENTIALS");
    send(service.request(Method::POST, "/queue/tokens")).await.refused(401, "UNAUTHENTICATED");
    let service = service.restarted_with(&[("ENCORE_IDENTITY", "password")]).await;
    let user = service.user().await;
    let join = |body: Value| send(service.request(Method::POST, "/queue/tokens").json(&body));
    join(json!({"userId": user})).await.refused(401, "UNAUTHENTICATED");
}
