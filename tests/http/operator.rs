//! The operator's calls.

use chrono::{Duration, Utc};
use encore_tests::{on_every_store, service::Service};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

on_every_store! { encore_tests::service;
    a_policy_is_changed_field_by_field,
    a_policy_out_of_bounds_is_refused_and_changes_nothing,
    a_hall_that_makes_no_sense_is_refused,
    a_concert_needs_a_name_and_a_time_zone_that_exists,
}

async fn a_policy_is_changed_field_by_field(service: Service) {
    let policy = service.policy(json!({"maxActive": 7, "sessionSeconds": 30})).await;
    let expected = json!({"strategy": "MAX_ACTIVE", "maxActive": 7, "admitCount": 100, "intervalSeconds": 10,
        "sessionSeconds": 30, "claimSeconds": 60, "state": "OPEN"});
    assert_eq!(policy.body, expected);
    for _ in service.urls() {
        let queue = service.operator(Method::GET, "/admin/queue", json!(null)).await.expect(200);
        assert_eq!((&queue.body["policy"], &queue.body["state"]), (&expected, &json!("OPEN")));
    }
    let policy = service.policy(json!({"strategy": "BOTH", "state": "DRAINING"})).await;
    assert_eq!((&policy.body["maxActive"], &policy.body["state"]), (&json!(7), &json!("DRAINING")));
}

async fn a_policy_out_of_bounds_is_refused_and_changes_nothing(service: Service) {
    let before = service.policy(json!({})).await.body;
    let wrong: [(&str, Value); 9] = [
        ("maxActive", json!(0)),
        ("maxActive", json!(1_000_001)),
        ("maxActive", json!("many")),
        ("admitCount", json!(-1)),
        ("intervalSeconds", json!(0)),
        ("sessionSeconds", json!(1e9)),
        ("claimSeconds", json!(1.5)),
        ("strategy", json!("FIFO")),
        ("state", json!("CLOSED")),
    ];
    for (field, value) in wrong {
        let answer = service.operator(Method::PUT, "/admin/queue/policy", json!({field: value})).await;
        assert_eq!(answer.refused(422, "INVALID_REQUEST").body["field"], field, "{value}");
    }
    assert_eq!(service.policy(json!({})).await.body, before);
}

async fn a_hall_that_makes_no_sense_is_refused(service: Service) {
    let show = service.concert(1_000).await;
    let date = (Utc::now() + Duration::days(3)).to_rfc3339();
    let path = format!("/admin/concerts/{}/schedules", show.concert);
    let seats =
        |from: i64, to: i64, price: i64| json!({"from": from, "to": to, "grade": "R", "price": price});
    let halls = [
        json!([]),
        json!([seats(0, 5, 1)]),
        json!([seats(1, 51, 1)]),
        json!([seats(5, 4, 1)]),
        json!([seats(1, 5, 1), seats(5, 6, 1)]),
        json!([seats(1, 5, -1)]),
        json!([{"from": 1, "to": 5, "grade": "", "price": 1}]),
        json!("all"),
    ];
    for hall in halls {
        let body = json!({"concertDate": date, "seats": hall});
        service.operator(Method::POST, &path, body).await.refused(422, "INVALID_REQUEST");
    }
    let good = json!([seats(1, 5, 1)]);
    for body in [
        json!({"concertDate": "2026-02-30T00:00:00Z", "seats": good}),
        json!({"concertDate": "tomorrow", "seats": good}),
        json!({"seats": good}),
        json!({"concertDate": date, "salesCloseAt": (Utc::now() + Duration::days(4)).to_rfc3339(), "seats": good}),
    ] {
        service.operator(Method::POST, &path, body).await.refused(422, "INVALID_REQUEST");
    }
    for id in [Uuid::now_v7().to_string(), "17".into()] {
        let body = json!({"concertDate": date, "seats": good});
        let answer = service.operator(Method::POST, &format!("/admin/concerts/{id}/schedules"), body).await;
        answer.refused(404, "CONCERT_NOT_FOUND");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM schedules").await, 1);
}

async fn a_concert_needs_a_name_and_a_time_zone_that_exists(service: Service) {
    for body in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "a\u{0}b"}),
        json!({"name": "x".repeat(101)}),
        json!({"name": "A concert", "timeZone": "Asia/Atlantis"}),
    ] {
        service.operator(Method::POST, "/admin/concerts", body).await.refused(422, "INVALID_REQUEST");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM concerts").await, 0);
}
