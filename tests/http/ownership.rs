//! What is another's, and what is looked at first. Every kind of caller calls every operation in `callers`.

use encore_tests::{
    client::send,
    on_every_store,
    service::{ADMIN_KEY, Service},
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

on_every_store! { encore_tests::service;
    nobody_sees_or_changes_what_is_anothers,
    whoever_waits_is_refused_before_anything_else_is_looked_at,
    without_an_operators_key_there_are_no_operators_paths,
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

async fn without_an_operators_key_there_are_no_operators_paths(service: Service) {
    let service = service.restarted_with(&[("ENCORE_ADMIN_KEY", "")]).await;
    for key in [ADMIN_KEY, ""] {
        let hidden = send(service.request(Method::GET, "/admin/queue").bearer_auth(key)).await;
        hidden.refused(404, "NOT_FOUND");
    }
}
