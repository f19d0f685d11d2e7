//! The operator gives a payment back.

use encore_tests::{
    client::{Answer, Fan, Show},
    on_every_store,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

on_every_store! { encore_tests::service;
    a_refund_credits_the_balance_and_frees_the_seats,
    a_refund_happens_once_however_often_and_wherever_it_is_asked,
    a_wallet_may_hold_more_than_can_be_charged_after_a_refund,
    a_first_answer_is_given_again_after_the_refund,
    once_the_show_has_begun_nothing_is_refunded,
    a_refund_needs_a_reason,
    an_unknown_payment_is_not_refunded,
}

async fn refund(service: &Service, payment: impl ToString) -> Answer {
    let path = format!("/admin/payments/{}/refund", payment.to_string());
    service.operator(Method::POST, &path, json!({"reason": "The band is ill"})).await
}

/// Two seats, paid with 2,000 of the 5,000 that were charged: the reservation and the payment.
async fn paid(fan: &Fan<'_>, show: Show) -> (Uuid, Uuid) {
    fan.charge(5_000).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1, 2]).await.expect(201).id_of("reservationId");
    let payment = fan.pay(reservation).await.expect(201).id_of("paymentId");
    (reservation, payment)
}

async fn a_refund_credits_the_balance_and_frees_the_seats(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let (reservation, payment) = paid(&fan, show).await;
    let before = fan.get(&format!("/payments/{payment}")).await.expect(200).body;

    let refunded = refund(&service, payment).await.expect(200).body;
    assert!(refunded["refundTime"].is_string(), "{refunded}");
    assert_eq!(
        (&refunded["reason"], &refunded["currentBalance"]),
        (&json!("The band is ill"), &json!(5_000))
    );
    let after = fan.get(&format!("/payments/{payment}")).await.expect(200).body;
    for (member, value) in after.as_object().unwrap() {
        let expected = if member == "paymentStatus" { &json!("REFUNDED") } else { &before[member] };
        assert_eq!((value, &refunded[member]), (expected, expected), "{member}");
    }
    let cancelled = fan.get(&format!("/reservations/{reservation}")).await.expect(200).body;
    assert_eq!(cancelled["reservationStatus"], "CANCELLED");

    let fan = service.join(fan.user).await;
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], 5_000);
    let path = format!("/users/{}/balance/transactions?limit=1", fan.user);
    let entry = &fan.get(&path).await.expect(200).body["items"][0];
    assert_eq!(
        (&entry["kind"], &entry["amount"], &entry["balanceAfter"], &entry["reference"]),
        (&json!("REFUND"), &json!(2_000), &json!(5_000), &json!(payment))
    );
    fan.hold(show.schedule, &[1, 2]).await.expect(201);
    fan.delete(&format!("/reservations/{reservation}")).await.refused(409, "NOT_CANCELLABLE");
    fan.pay(reservation).await.refused(409, "NOT_PAYABLE");
}

async fn a_refund_happens_once_however_often_and_wherever_it_is_asked(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let (_, payment) = paid(&fan, show).await;
    let answers = join_all((0..30).map(|_| refund(&service, payment))).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1, "expected one of them to refund");
    for answer in refused {
        answer.refused(409, "ALREADY_REFUNDED");
    }
    refund(&service, payment).await.refused(409, "ALREADY_REFUNDED");
    let fan = service.join(fan.user).await;
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], 5_000);
}

async fn a_wallet_may_hold_more_than_can_be_charged_after_a_refund(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let (_, payment) = paid(&fan, show).await;
    let fan = service.join(fan.user).await;
    for _ in 0..9 {
        fan.charge(10_000_000).await.expect(201);
    }
    fan.charge(9_997_000).await.expect(201);
    assert_eq!(refund(&service, payment).await.expect(200).body["currentBalance"], 100_002_000);
    fan.charge(1).await.refused(409, "BALANCE_LIMIT_EXCEEDED");
}

async fn a_first_answer_is_given_again_after_the_refund(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    fan.charge(1_000).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    let pay = || fan.post_once("/payments", "pay", json!({"reservationId": reservation}));
    let first = pay().await.expect(201);
    refund(&service, first.id_of("paymentId")).await.expect(200);
    let again = pay().await.expect(201);
    assert_eq!((again.text.as_str(), again.header("idempotent-replayed")), (first.text.as_str(), "true"));
}

async fn once_the_show_has_begun_nothing_is_refunded(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let (reservation, payment) = paid(&fan, show).await;
    let sql = "UPDATE schedules SET starts_at = sales_open_at, sales_close_at = sales_open_at";
    service.database.try_sql(sql).await.unwrap();
    refund(&service, payment).await.refused(409, "NOT_REFUNDABLE");
    let path = format!("/reservations/{reservation}");
    assert_eq!(fan.get(&path).await.expect(200).body["reservationStatus"], "PAID");
    assert_eq!(service.database.number("SELECT count(*) FROM refunds").await, 0);
}

async fn a_refund_needs_a_reason(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let (_, payment) = paid(&fan, show).await;
    let path = format!("/admin/payments/{payment}/refund");
    for reason in [json!(null), json!(""), json!(" "), json!(7), json!("a\u{0}b"), json!("x".repeat(501))] {
        let answer = service.operator(Method::POST, &path, json!({"reason": reason})).await;
        assert_eq!(answer.refused(422, "INVALID_REQUEST").body["field"], "reason", "{reason}");
    }
    service.operator(Method::POST, &path, json!({})).await.refused(422, "INVALID_REQUEST");
    assert_eq!(service.database.number("SELECT count(*) FROM refunds").await, 0);
}

async fn an_unknown_payment_is_not_refunded(service: Service) {
    refund(&service, Uuid::now_v7()).await.refused(404, "PAYMENT_NOT_FOUND");
    refund(&service, "17").await.refused(404, "PAYMENT_NOT_FOUND");
}
