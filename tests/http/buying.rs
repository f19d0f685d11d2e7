//! A fan's whole way.

use encore_tests::{client::send, on_every_store, service::Service};
use reqwest::Method;
use serde_json::json;

on_every_store! { encore_tests::service; a_fan_registers_waits_holds_charges_pays_and_finds_the_tickets }

async fn a_fan_registers_waits_holds_charges_pays_and_finds_the_tickets(service: Service) {
    let show = service.concert(150_000).await;
    let login = json!({"email": "Ada@Example.org", "password": "correct horse"});

    let user = send(
        service
            .request(Method::POST, "/users")
            .json(&json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"})),
    );
    let user = user.await.expect(201);
    assert_eq!((user.text_of("name"), user.text_of("email")), ("Ada".into(), "ada@example.org".into()));

    let session = send(service.request(Method::POST, "/sessions").json(&login)).await.expect(201);
    assert_eq!(session.text_of("userId"), user.text_of("userId"));
    let access = session.text_of("accessToken");

    let ticket = send(service.request(Method::POST, "/queue/tokens").bearer_auth(&access)).await.expect(201);
    assert_eq!(ticket.body["status"], "ACTIVE");
    assert_eq!((&ticket.body["number"], &ticket.body["ahead"]), (&json!(1), &json!(0)));
    let queue = ticket.text_of("token");
    let fan = |method, path: &str| service.request(method, path).bearer_auth(&queue);

    let concerts = send(fan(Method::GET, "/concerts")).await.expect(200);
    assert_eq!(concerts.body["items"][0]["concertId"], json!(show.concert));
    assert_eq!(concerts.body["next"], json!(null));
    let schedules =
        send(fan(Method::GET, &format!("/concerts/{}/schedules", show.concert))).await.expect(200);
    assert_eq!(schedules.body[0]["scheduleId"], json!(show.schedule));
    assert_eq!(
        (&schedules.body[0]["availableSeats"], &schedules.body[0]["totalSeats"]),
        (&json!(50), &json!(50))
    );
    let seats = send(fan(Method::GET, &format!("/schedules/{}/seats", show.schedule))).await.expect(200);
    assert_eq!(seats.body.as_array().map(Vec::len), Some(50));
    assert_eq!((&seats.body[11]["seatNumber"], &seats.body[11]["price"]), (&json!(12), &json!(150_000)));

    let wish = json!({"scheduleId": show.schedule, "seatNumbers": [13, 12]});
    let reservation = send(fan(Method::POST, "/reservations").json(&wish)).await.expect(201);
    assert_eq!(reservation.body["reservationStatus"], "RESERVED");
    assert_eq!(reservation.body["totalPrice"], json!(300_000));
    assert_eq!(reservation.body["seats"][0]["seatNumber"], json!(12), "seats come in their order");

    let payment = json!({"reservationId": reservation.body["reservationId"], "paymentAmount": 300_000});
    let refused = send(fan(Method::POST, "/payments").json(&payment)).await;
    let refused = refused.refused(402, "INSUFFICIENT_BALANCE");
    assert_eq!((&refused.body["currentBalance"], &refused.body["totalPrice"]), (&json!(0), &json!(300_000)));

    let wallet = format!("/users/{}/balance", user.text_of("userId"));
    let charge = send(fan(Method::POST, &format!("{wallet}/charges")).json(&json!({"amount": "300000.50"})));
    assert_eq!(charge.await.expect(201).body["currentBalance"], json!(300_000.5));

    let paid = send(fan(Method::POST, "/payments").json(&payment)).await.expect(201);
    assert_eq!((&paid.body["paymentStatus"], &paid.body["currentBalance"]), (&json!("PAID"), &json!(0.5)));

    // Other instances know within a quarter of a second.
    let known = async {
        let mut instances = 0;
        while instances < service.urls().len() {
            let refused = send(fan(Method::GET, "/concerts")).await.status == 401;
            instances = if refused { instances + 1 } else { 0 };
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), known)
        .await
        .expect("the turn is over everywhere");
    let ended = send(fan(Method::GET, "/concerts")).await.refused(401, "QUEUE_TOKEN_ENDED");
    assert_eq!(ended.body["reason"], "PAID");
    let status = send(fan(Method::GET, "/queue/status")).await.expect(200);
    assert_eq!((&status.body["status"], &status.body["reason"]), (&json!("ENDED"), &json!("PAID")));

    for token in [&queue, &access] {
        let mine = send(service.request(Method::GET, "/reservations").bearer_auth(token)).await.expect(200);
        assert_eq!(mine.body["items"][0]["reservationStatus"], "PAID", "found with either token");
        let payments = send(service.request(Method::GET, "/payments").bearer_auth(token)).await.expect(200);
        assert_eq!(payments.body["items"][0]["paymentId"], paid.body["paymentId"]);
        assert!(payments.body["items"][0].get("currentBalance").is_none());
    }

    let again = send(service.request(Method::POST, "/queue/tokens").json(&login)).await.expect(201);
    assert_eq!(again.body["number"], json!(2), "a new place, by email and password this time");
    let seats = format!("/schedules/{}/seats?status=all", show.schedule);
    let seats =
        send(service.request(Method::GET, &seats).bearer_auth(again.text_of("token"))).await.expect(200);
    assert_eq!((&seats.body[11]["status"], &seats.body[13]["status"]), (&json!("SOLD"), &json!("AVAILABLE")));
    let ledger = send(
        service.request(Method::GET, &format!("{wallet}/transactions")).bearer_auth(again.text_of("token")),
    );
    let ledger = ledger.await.expect(200);
    assert_eq!(ledger.body["items"][0]["kind"], "PAYMENT");
    assert_eq!(ledger.body["items"][0]["amount"], json!(-300_000));
    assert_eq!(ledger.body["items"][0]["reference"], paid.body["paymentId"]);
    assert_eq!(ledger.body["items"][1]["balanceAfter"], json!(300_000.5));
}
