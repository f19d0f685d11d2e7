//! Asking again without doing again.

use encore_tests::{client::Answer, on_every_store, service::Service};
use futures_util::future::join_all;
use serde_json::json;

on_every_store! { encore_tests::service;
    the_same_key_gives_the_first_answer_again,
    simultaneous_duplicates_happen_once,
    a_payment_is_answered_again_after_it_has_ended_the_turn,
    a_key_is_for_one_request_one_user_and_one_route,
    after_a_refusal_the_key_may_be_tried_again,
    a_malformed_key_is_refused,
}

fn assert_replay(first: &Answer, again: &Answer) {
    assert_eq!(again.status, first.status);
    assert_eq!(again.text, first.text, "byte for byte");
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
}

async fn the_same_key_gives_the_first_answer_again(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let wish = json!({"scheduleId": show.schedule, "seatNumbers": [1, 2]});
    let first = fan.post_once("/reservations", "hold", wish.clone()).await.expect(201);
    assert_replay(&first, &fan.post_once("/reservations", "hold", wish.clone()).await.expect(201));
    let cancel = format!("/reservations/{}", first.text_of("reservationId"));
    fan.delete(&cancel).await.expect(200);
    assert_replay(&first, &fan.post_once("/reservations", "hold", wish).await.expect(201));

    let charges = format!("/users/{}/balance/charges", fan.user);
    let first = fan.post_once(&charges, "charge", json!({"amount": 10.5})).await.expect(201);
    fan.charge(1).await.expect(201);
    assert_replay(&first, &fan.post_once(&charges, "charge", json!({"amount": 10.5})).await.expect(201));
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(11.5));
}

async fn simultaneous_duplicates_happen_once(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let wish = json!({"scheduleId": show.schedule, "seatNumbers": [1]});
    let charges = format!("/users/{}/balance/charges", fan.user);
    let holds = join_all((0..20).map(|_| fan.post_once("/reservations", "k", wish.clone()))).await;
    let charged = join_all((0..20).map(|_| fan.post_once(&charges, "k", json!({"amount": 1_000})))).await;
    let pay = json!({"reservationId": holds[0].body["reservationId"]});
    let paid = join_all((0..20).map(|_| fan.post_once("/payments", "k", pay.clone()))).await;
    for answers in [holds, charged, paid] {
        for answer in &answers {
            assert_eq!(
                (answer.status, &answer.text),
                (201, &answers[0].text),
                "every duplicate has one answer"
            );
        }
        let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
        assert_eq!(fresh, 1, "it happened once");
    }
    assert_eq!(service.database.number("SELECT count(*) FROM ledger_entries").await, 2);
}

async fn a_payment_is_answered_again_after_it_has_ended_the_turn(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    fan.charge(3_000).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    let pay = json!({"reservationId": reservation});
    let first = fan.post_once("/payments", "pay", pay.clone()).await.expect(201);
    assert_replay(&first, &fan.post_once("/payments", "pay", pay.clone()).await.expect(201));
    fan.post_once("/payments", "other", pay.clone()).await.refused(401, "QUEUE_TOKEN_ENDED");
    let later = service.join(fan.user).await;
    later.charge(7).await.expect(201);
    assert_replay(&first, &later.post_once("/payments", "pay", pay).await.expect(201));
}

async fn a_key_is_for_one_request_one_user_and_one_route(service: Service) {
    let show = service.concert(1_000).await;
    let (fan, other) = (service.fan().await, service.fan().await);
    let charges = |user| format!("/users/{user}/balance/charges");
    fan.post_once(&charges(fan.user), "k", json!({"amount": 10})).await.expect(201);
    let reused = fan.post_once(&charges(fan.user), "k", json!({"amount": 11})).await;
    reused.refused(422, "IDEMPOTENCY_KEY_REUSED");
    other.post_once(&charges(other.user), "k", json!({"amount": 11})).await.expect(201);
    let wish = json!({"scheduleId": show.schedule, "seatNumbers": [1]});
    fan.post_once("/reservations", "k", wish).await.expect(201);
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(10));
}

async fn after_a_refusal_the_key_may_be_tried_again(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    let pay = json!({"reservationId": reservation});
    fan.post_once("/payments", "k", pay.clone()).await.refused(402, "INSUFFICIENT_BALANCE");
    fan.charge(1_000).await.expect(201);
    let paid = fan.post_once("/payments", "k", pay).await.expect(201);
    assert_eq!(paid.header("idempotent-replayed"), "");
}

async fn a_malformed_key_is_refused(service: Service) {
    let fan = service.fan().await;
    let charges = format!("/users/{}/balance/charges", fan.user);
    for key in ["", "a b", &"k".repeat(256)] {
        fan.post_once(&charges, key, json!({"amount": 1})).await.refused(422, "INVALID_REQUEST");
    }
    fan.post_once(&charges, &"k".repeat(255), json!({"amount": 1})).await.expect(201);
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(1));
}
