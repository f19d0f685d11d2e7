//! Balances and what changes them.

use encore_tests::{on_every_store, service::Service};
use serde_json::{Value, json};

on_every_store! { encore_tests::service;
    an_amount_is_exact_on_the_way_in_and_out,
    an_amount_that_can_not_be_charged_is_refused_and_changes_nothing,
    a_wallet_never_holds_more_than_it_may,
    the_ledger_adds_up_to_the_balance,
    a_payment_of_another_price_is_refused,
}

fn charges(user: uuid::Uuid) -> String {
    format!("/users/{user}/balance/charges")
}

async fn an_amount_is_exact_on_the_way_in_and_out(service: Service) {
    let fan = service.fan().await;
    for (amount, written, balance) in [
        (json!(0.1), "0.1", "0.1"),
        (json!(0.2), "0.2", "0.3"),
        (json!("0.30"), "0.3", "0.6"),
        (json!(9_999_999.99), "9999999.99", "10000000.59"),
        (json!(1e3), "1000", "10001000.59"),
    ] {
        let answer = fan.post(&charges(fan.user), json!({"amount": amount})).await.expect(201);
        assert!(answer.text.contains(&format!("\"amount\":{written},")), "{amount}: {}", answer.text);
        assert!(
            answer.text.contains(&format!("\"currentBalance\":{balance}}}")),
            "{amount}: {}",
            answer.text
        );
    }
}

async fn an_amount_that_can_not_be_charged_is_refused_and_changes_nothing(service: Service) {
    let fan = service.fan().await;
    let wrong: [Value; 10] = [
        json!(0),
        json!(-1),
        json!(0.001),
        json!("1.001"),
        json!(10_000_000.01),
        json!("1e999999999"),
        json!(1e300),
        json!("ten"),
        json!(""),
        json!("1234567890123"),
    ];
    for amount in wrong {
        let answer = fan.post(&charges(fan.user), json!({"amount": amount})).await;
        let answer = answer.refused(422, "INVALID_AMOUNT");
        assert_eq!(answer.body["field"], "amount", "{amount}");
    }
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(0));
}

async fn a_wallet_never_holds_more_than_it_may(service: Service) {
    let fan = service.fan().await;
    for _ in 0..10 {
        fan.charge(10_000_000).await.expect(201);
    }
    fan.charge(1).await.refused(409, "BALANCE_LIMIT_EXCEEDED");
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(100_000_000));
}

async fn the_ledger_adds_up_to_the_balance(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    for amount in [5_000, 700, 30] {
        fan.charge(amount).await.expect(201);
    }
    let reservation = fan.hold(show.schedule, &[1, 2]).await.expect(201).id_of("reservationId");
    fan.pay(reservation).await.expect(201);
    let fan = service.join(fan.user).await;
    let path = format!("/users/{}/balance/transactions", fan.user);
    let mut amounts = vec![];
    let mut next = String::new();
    loop {
        let page = fan.get(&format!("{path}?limit=1{next}")).await.expect(200);
        amounts.push(page.body["items"][0]["amount"].as_i64().unwrap());
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(amounts, [-2_000, 30, 700, 5_000], "newest first, each once");
    let balance = fan.balance().await.expect(200).body["currentBalance"].as_i64().unwrap();
    assert_eq!(amounts.iter().sum::<i64>(), balance);
}

async fn a_payment_of_another_price_is_refused(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    fan.charge(5_000).await.expect(201);
    let reservation = fan.hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
    let pay =
        |amount: Value| fan.post("/payments", json!({"reservationId": reservation, "paymentAmount": amount}));
    pay(json!(999)).await.refused(422, "AMOUNT_MISMATCH");
    pay(json!(1_000.01)).await.refused(422, "AMOUNT_MISMATCH");
    pay(json!("much")).await.refused(422, "INVALID_REQUEST");
    assert_eq!(fan.balance().await.expect(200).body["currentBalance"], json!(5_000));
    pay(json!("1000.00")).await.expect(201);
}
