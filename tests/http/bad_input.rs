//! Input that makes no sense: a clear refusal, and nothing has changed.

use encore_tests::{client::send, on_every_store, service::Service};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

on_every_store! { encore_tests::service;
    what_is_wrong_with_a_body_is_told_apart,
    a_wrong_field_is_named,
    a_user_needs_a_good_name_address_and_password,
    an_address_is_taken_once_whatever_its_case,
    a_login_that_fails_does_not_tell_why,
    a_wrong_method_is_told_which_are_right,
    a_request_id_comes_back_if_it_is_sane,
}

async fn what_is_wrong_with_a_body_is_told_apart(service: Service) {
    let fan = service.fan().await;
    let post = |body: Vec<u8>, kind: &str| {
        send(fan.request(Method::POST, "/reservations").header(CONTENT_TYPE, kind).body(body))
    };
    for body in [&b"{"[..], b"", b"{\"a\":}", b"\xff\xfe", b"nonsense", "[".repeat(10_000).as_bytes()] {
        post(body.to_vec(), "application/json").await.refused(400, "MALFORMED_JSON");
    }
    for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded"] {
        post(b"{}".to_vec(), kind).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let huge = format!("{{\"a\": \"{}\"}}", "x".repeat(65 * 1024));
    post(huge.into_bytes(), "application/json").await.refused(413, "PAYLOAD_TOO_LARGE");
    for body in ["{}", "[]", "null", "17", "{\"scheduleId\": 1e400}"] {
        post(body.into(), "application/json; charset=utf-8").await.refused(422, "INVALID_REQUEST");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM reservations").await, 0);
}

async fn a_wrong_field_is_named(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let good = json!({"scheduleId": show.schedule, "seatNumbers": [1], "unknown": true});
    let wrong: [(&str, Value); 9] = [
        ("scheduleId", json!(null)),
        ("scheduleId", json!("17")),
        ("scheduleId", json!(17)),
        ("seatNumbers", json!(null)),
        ("seatNumbers", json!(1)),
        ("seatNumbers", json!(["1"])),
        ("seatNumbers", json!([1.5])),
        ("seatNumbers", json!([9_223_372_036_854_775_807_i64])),
        ("seatNumbers", json!([1, 1])),
    ];
    for (field, value) in wrong {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = fan.post("/reservations", body).await.refused(422, "INVALID_REQUEST");
        let named = answer.text_of("field");
        assert!(named.starts_with(field), "{field} = {value}: named {named}");
    }
    for field in ["scheduleId", "seatNumbers"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        let answer = fan.post("/reservations", body).await.refused(422, "INVALID_REQUEST");
        assert_eq!(answer.body["field"], field, "missing");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM reservations").await, 0);
    fan.post("/reservations", good).await.expect(201);
}

async fn a_user_needs_a_good_name_address_and_password(service: Service) {
    let good = json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"});
    let wrong: [(&str, Value); 12] = [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("name", json!("x".repeat(101))),
        ("name", json!(7)),
        ("email", json!("ada")),
        ("email", json!("ada@")),
        ("email", json!(format!("{}@example.org", "a".repeat(250)))),
        ("email", json!("a\u{0}da@example.org")),
        ("password", json!("short")),
        ("password", json!("x".repeat(129))),
        ("password", json!(12_345_678)),
        ("password", json!(null)),
    ];
    for (field, value) in wrong {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = send(service.request(Method::POST, "/users").json(&body)).await;
        assert_eq!(answer.refused(422, "INVALID_REQUEST").body["field"], field, "{value}");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM users").await, 0);
}

async fn an_address_is_taken_once_whatever_its_case(service: Service) {
    let register = |email: &str| {
        let body = json!({"name": "Ada", "email": email, "password": "correct horse"});
        send(service.request(Method::POST, "/users").json(&body))
    };
    let (first, second) = tokio::join!(register("ada@example.org"), register("ADA@example.org"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    register("Ada@Example.Org").await.refused(409, "EMAIL_TAKEN");
}

async fn a_login_that_fails_does_not_tell_why(service: Service) {
    let service = service.restarted_with(&[("ENCORE_RATE_LIMITS", "on")]).await;
    let account = json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"});
    send(service.request(Method::POST, "/users").json(&account)).await.expect(201);
    let login = async |email: &str, password: &str| {
        // One instance counts the failures.
        let url = format!("{}/api/v1/sessions", service.urls()[0]);
        send(reqwest::Client::new().post(url).json(&json!({"email": email, "password": password}))).await
    };
    let wrong = login("ada@example.org", "wrong horse").await.refused(401, "BAD_CREDENTIALS");
    let unknown = login("eve@example.org", "wrong horse").await.refused(401, "BAD_CREDENTIALS");
    assert_eq!(
        (&wrong.body["title"], &wrong.body["detail"]),
        (&unknown.body["title"], &unknown.body["detail"])
    );
    for _ in 1..10 {
        login("eve@example.org", "wrong horse").await.refused(401, "BAD_CREDENTIALS");
    }
    let closed = login("eve@example.org", "wrong horse").await.refused(429, "TOO_MANY_ATTEMPTS");
    assert!(closed.header("retry-after").parse::<u64>().unwrap() > 0);
    login("ada@example.org", "correct horse").await.expect(201);
}

async fn a_wrong_method_is_told_which_are_right(service: Service) {
    let fan = service.fan().await;
    let answer = send(fan.request(Method::PATCH, "/reservations")).await.refused(405, "METHOD_NOT_ALLOWED");
    let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "POST"]);
    send(fan.request(Method::DELETE, "/queue/status")).await.refused(405, "METHOD_NOT_ALLOWED");
}

async fn a_request_id_comes_back_if_it_is_sane(service: Service) {
    let call = |id: &str| send(service.request(Method::GET, "/concerts").header("X-Request-Id", id));
    let refused = call("trace-17.a_b").await.refused(401, "UNAUTHENTICATED");
    assert_eq!(refused.body["requestId"], "trace-17.a_b");
    assert_eq!(refused.body["instance"], "/api/v1/concerts");
    for id in ["", "a b", "<script>", &"x".repeat(1_000)] {
        let answer = call(id).await;
        assert_ne!(answer.header("x-request-id"), id);
        assert!(!answer.header("x-request-id").is_empty());
    }
}
