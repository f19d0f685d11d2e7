//! What is another's, and who may call what.

use adapter_credentials::{JsonWebTokens, TokenSecret};
use chrono::Duration;
use domain::{
    identity::{QueueClaims, Tokens},
    ids::{TicketId, UserId},
};
use encore_tests::{
    client::send,
    on_every_store,
    service::{ADMIN_KEY, Service, TOKEN_SECRET},
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

on_every_store! { encore_tests::service;
    nobody_sees_or_changes_what_is_anothers,
    without_a_good_token_nothing_is_told,
    whoever_waits_is_refused_before_anything_else_is_looked_at,
    the_operators_paths_take_the_operators_key,
}

async fn nobody_sees_or_changes_what_is_anothers(service: Service) {
    let show = service.concert(1_000).await;
    let (owner, other) = (service.fan().await, service.fan().await);
    owner.charge(2_000).await.expect(201);
    let reservation = owner.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");

    let path = format!("/reservations/{reservation}");
    other.get(&path).await.refused(404, "RESERVATION_NOT_FOUND");
    other.delete(&path).await.refused(404, "RESERVATION_NOT_FOUND");
    other.charge(2_000).await.expect(201);
    other.pay(reservation).await.refused(404, "RESERVATION_NOT_FOUND");
    let wallet = format!("/users/{}/balance", owner.user);
    other.get(&wallet).await.refused(403, "FORBIDDEN");
    other.get(&format!("{wallet}/transactions")).await.refused(403, "FORBIDDEN");
    other.post(&format!("{wallet}/charges"), json!({"amount": 1})).await.refused(403, "FORBIDDEN");
    other.post(&format!("{wallet}/charges"), json!({"amount": "x"})).await.refused(403, "FORBIDDEN");
    assert_eq!(other.get("/reservations").await.expect(200).body["items"], json!([]));

    let payment = owner.pay(reservation).await.expect(201).id_of("paymentId");
    other.get(&format!("/payments/{payment}")).await.refused(404, "PAYMENT_NOT_FOUND");
    assert_eq!(other.get("/payments").await.expect(200).body["items"], json!([]));
    owner.get(&format!("/payments/{payment}")).await.expect(200);
    assert_eq!(other.balance().await.expect(200).body["currentBalance"], json!(2_000));
}

/// A queue token of nobody's, signed with a secret and good for so long.
fn queue_token(secret: &str, good_for: Duration) -> String {
    let now = chrono::Utc::now();
    let claims = QueueClaims {
        user: UserId(Uuid::now_v7()),
        ticket: TicketId(Uuid::now_v7()),
        number: 1,
        issued_at: now,
        expires_at: now + good_for,
    };
    let secret = TokenSecret::new(secret.to_owned()).unwrap();
    JsonWebTokens::new(&secret).sign_queue(&claims, now).unwrap().0
}

async fn without_a_good_token_nothing_is_told(service: Service) {
    let id = Uuid::now_v7();
    let calls = [
        (Method::GET, "/queue/status".to_owned()),
        (Method::DELETE, "/queue/tokens/current".into()),
        (Method::GET, "/concerts".into()),
        (Method::GET, format!("/concerts/{id}/schedules")),
        (Method::GET, format!("/schedules/{id}/seats")),
        (Method::POST, "/reservations".into()),
        (Method::GET, "/reservations".into()),
        (Method::GET, format!("/reservations/{id}")),
        (Method::DELETE, format!("/reservations/{id}")),
        (Method::GET, format!("/users/{id}/balance")),
        (Method::GET, format!("/users/{id}/balance/transactions")),
        (Method::POST, format!("/users/{id}/balance/charges")),
        (Method::POST, "/payments".into()),
        (Method::GET, "/payments".into()),
        (Method::GET, format!("/payments/{id}")),
    ];
    let good = service.fan().await.token;
    let cut = &good[..good.len() - 1];
    let body = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
    let forged = queue_token("another secret, as long as the one of the tests", Duration::hours(1));
    let expired = queue_token(TOKEN_SECRET, -Duration::hours(1));
    for (method, path) in calls {
        let call = || service.request(method.clone(), &path);
        send(call()).await.refused(401, "UNAUTHENTICATED");
        for token in ["", "garbage", cut, &unsigned, &forged, &expired, ADMIN_KEY] {
            send(call().bearer_auth(token)).await.refused(401, "UNAUTHENTICATED");
        }
        send(call().basic_auth("ada", Some("password"))).await.refused(401, "UNAUTHENTICATED");
    }
}

async fn whoever_waits_is_refused_before_anything_else_is_looked_at(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let id = Uuid::now_v7();
    fan.post("/reservations", json!({"scheduleId": 1})).await.refused(403, "NOT_ADMITTED");
    fan.post("/payments", json!([])).await.refused(403, "NOT_ADMITTED");
    fan.charge(-1).await.refused(403, "NOT_ADMITTED");
    fan.get("/concerts?limit=0").await.refused(403, "NOT_ADMITTED");
    fan.get(&format!("/concerts/{id}/schedules?date=x")).await.refused(403, "NOT_ADMITTED");
    fan.get(&format!("/schedules/{id}/seats")).await.refused(403, "NOT_ADMITTED");
    fan.delete(&format!("/reservations/{id}")).await.refused(403, "NOT_ADMITTED");
    fan.balance().await.refused(403, "NOT_ADMITTED");
    fan.get("/reservations").await.expect(200);
    fan.get("/payments").await.expect(200);
}

async fn the_operators_paths_take_the_operators_key(service: Service) {
    let fan = service.fan().await;
    fan.get("/admin/queue").await.refused(401, "UNAUTHENTICATED");
    send(service.request(Method::GET, "/admin/queue")).await.refused(401, "UNAUTHENTICATED");
    send(service.request(Method::GET, "/admin/queue").bearer_auth("wrong"))
        .await
        .refused(401, "UNAUTHENTICATED");
    let queue = service.operator(Method::GET, "/admin/queue", json!(null)).await.expect(200);
    assert_eq!(
        (&queue.body["issued"], &queue.body["active"], &queue.body["waiting"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let service = service.restarted_with(&[("ENCORE_ADMIN_KEY", "")]).await;
    let hidden = service.operator(Method::GET, "/admin/queue", json!(null)).await;
    hidden.refused(404, "NOT_FOUND");
}
