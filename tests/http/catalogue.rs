//! What can be booked.

use chrono::{DateTime, Duration, SecondsFormat, TimeZone, Utc};
use encore_tests::{
    client::{Answer, Fan, send},
    on_every_store,
    service::Service,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

on_every_store! { encore_tests::service;
    only_dates_that_can_be_booked_now_are_listed,
    a_date_is_a_day_in_the_concerts_time_zone,
    seats_are_as_they_are_this_very_moment,
    seats_are_fresh_in_the_middle_of_a_crowd,
    concerts_are_listed_a_page_at_a_time,
    what_does_not_exist_is_not_found,
    an_impossible_question_is_refused,
    what_a_fan_has_kept_is_sent_again_only_when_it_has_changed,
    nothing_but_the_lists_of_concerts_and_dates_may_be_kept,
}

async fn schedule(service: &Service, concert: Uuid, body: Value) -> Answer {
    service.operator(Method::POST, &format!("/admin/concerts/{concert}/schedules"), body).await
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn listed(fan: &Fan<'_>, concert: Uuid, query: &str) -> Vec<Uuid> {
    let answer = fan.get(&format!("/concerts/{concert}/schedules{query}")).await.expect(200);
    let id = |schedule: &Value| schedule["scheduleId"].as_str().unwrap().parse().unwrap();
    answer.body.as_array().unwrap().iter().map(id).collect()
}

async fn only_dates_that_can_be_booked_now_are_listed(service: Service) {
    let now = Utc::now();
    let show = service.concert(1_000).await;
    let one_seat = json!([{"from": 7, "to": 7, "grade": "VIP", "price": 1}]);
    let make =
        async |body: Value| schedule(&service, show.concert, body).await.expect(201).id_of("scheduleId");
    let date = instant(now + Duration::days(10));
    let open = make(json!({"concertDate": date, "seats": one_seat})).await;
    let not_yet =
        json!({"concertDate": date, "salesOpenAt": instant(now + Duration::days(1)), "seats": one_seat});
    let not_yet = make(not_yet).await;
    let over = json!({"concertDate": date, "salesOpenAt": instant(now - Duration::days(2)),
        "salesCloseAt": instant(now - Duration::days(1)), "seats": one_seat});
    let over = make(over).await;
    let past = make(json!({"concertDate": instant(now - Duration::days(1)), "seats": one_seat})).await;

    let fan = service.fan().await;
    assert_eq!(listed(&fan, show.concert, "").await, [open, show.schedule], "soonest first");
    let all = listed(&fan, show.concert, "?status=all").await;
    assert_eq!((all.len(), all[0], all[4]), (5, past, show.schedule));
    for closed in [not_yet, over, past] {
        fan.hold(closed, &[7]).await.refused(409, "SCHEDULE_CLOSED");
        let seats = fan.get(&format!("/schedules/{closed}/seats")).await.expect(200);
        assert_eq!(seats.body, json!([]), "none can be booked now");
    }
    fan.hold(open, &[7]).await.expect(201);
    assert_eq!(listed(&fan, show.concert, "").await, [show.schedule], "nothing is left of the first");
}

async fn a_date_is_a_day_in_the_concerts_time_zone(service: Service) {
    let concert = json!({"name": "Berlin", "timeZone": "Europe/Berlin"});
    let concert = service.operator(Method::POST, "/admin/concerts", concert).await.expect(201);
    assert_eq!(concert.body["timeZone"], "Europe/Berlin");
    let concert = concert.id_of("concertId");
    let seats = json!([{"from": 1, "to": 1, "grade": "R", "price": 1}]);
    // Half an hour after midnight of the 2nd in Berlin, which is the 1st in Greenwich.
    let date = Utc.with_ymd_and_hms(2040, 6, 1, 22, 30, 0).unwrap();
    let body = json!({"concertDate": instant(date), "seats": seats});
    let made = schedule(&service, concert, body).await.expect(201).id_of("scheduleId");
    let fan = service.fan().await;
    assert_eq!(listed(&fan, concert, "?date=2040-06-02").await, [made]);
    assert_eq!(listed(&fan, concert, "?date=2040-06-01").await, Vec::<Uuid>::new());
}

async fn seats_are_as_they_are_this_very_moment(service: Service) {
    let show = service.concert(1_000).await;
    let (first, second) = (service.fan().await, service.fan().await);
    let path = format!("/schedules/{}/seats", show.schedule);
    let seat = second.get(&path).await.expect(200).body[0].clone();
    assert_eq!(
        (&seat["seatName"], &seat["grade"], &seat["status"]),
        (&json!("A1"), &json!("R"), &json!("AVAILABLE"))
    );
    first.hold(show.schedule, &[1]).await.expect(201);
    let free = second.get(&path).await.expect(200);
    assert_eq!((free.body.as_array().unwrap().len(), &free.body[0]["seatNumber"]), (49, &json!(2)));
    let all = second.get(&format!("{path}?status=all")).await.expect(200);
    assert_eq!((all.body.as_array().unwrap().len(), &all.body[0]["status"]), (50, &json!("HELD")));
}

/// Whoever knows of a change and asks then is never answered by a reading that was begun before, although most of
/// a crowd share the answers of others.
async fn seats_are_fresh_in_the_middle_of_a_crowd(service: Service) {
    let show = service.concert(1_000).await;
    let (buyer, reader) = (service.fan().await, service.fan().await);
    let path = format!("/schedules/{}/seats", show.schedule);
    let crowd = futures_util::future::join_all((0..16).map(|_| async {
        loop {
            reader.get(&path).await.expect(200);
        }
    }));
    let knows = async {
        for round in 0..25 {
            let held = buyer.hold(show.schedule, &[1]).await.expect(201);
            let seats = reader.get(&path).await.expect(200);
            assert_eq!(seats.body[0]["seatNumber"], 2, "round {round}: the seat is held");
            buyer.delete(&format!("/reservations/{}", held.text_of("reservationId"))).await.expect(200);
            let seats = reader.get(&path).await.expect(200);
            assert_eq!(seats.body[0]["seatNumber"], 1, "round {round}: the seat is free again");
        }
    };
    tokio::select! {
        () = knows => {}
        _ = crowd => unreachable!("a crowd never tires"),
    }
}

async fn concerts_are_listed_a_page_at_a_time(service: Service) {
    let mut made = vec![];
    for name in ["one", "two", "three"] {
        let concert =
            service.operator(Method::POST, "/admin/concerts", json!({"name": name})).await.expect(201);
        assert_eq!(concert.body["timeZone"], "Asia/Seoul");
        made.push(concert.text_of("concertId"));
    }
    let fan = service.fan().await;
    let mut seen = vec![];
    let mut next = String::new();
    loop {
        let page = fan.get(&format!("/concerts?limit=2{next}")).await.expect(200);
        let items = page.body["items"].as_array().unwrap();
        seen.extend(items.iter().map(|concert| concert["concertId"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(seen, made, "each once, in the order they were made");
}

async fn what_does_not_exist_is_not_found(service: Service) {
    let fan = service.fan().await;
    for id in [Uuid::now_v7().to_string(), "17".into(), "%00".into()] {
        fan.get(&format!("/concerts/{id}/schedules")).await.refused(404, "CONCERT_NOT_FOUND");
        fan.get(&format!("/schedules/{id}/seats")).await.refused(404, "SCHEDULE_NOT_FOUND");
    }
    fan.get("/nothing").await.refused(404, "NOT_FOUND");
}

async fn an_impossible_question_is_refused(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    for query in ["date=2026-02-30", "date=", "date=tomorrow", "status=some", "status="] {
        let answer = fan.get(&format!("/concerts/{}/schedules?{query}", show.concert)).await;
        let answer = answer.refused(422, "INVALID_REQUEST");
        assert_eq!(answer.body["field"], query.split('=').next().unwrap());
    }
    fan.get(&format!("/schedules/{}/seats?status=x", show.schedule)).await.refused(422, "INVALID_REQUEST");
    fan.get("/concerts?limit=1000").await.refused(422, "INVALID_REQUEST");
}

async fn what_a_fan_has_kept_is_sent_again_only_when_it_has_changed(service: Service) {
    let show = service.concert(1_000).await;
    let (first, second) = (service.fan().await, service.fan().await);
    let asking = async |fan: &Fan<'_>, path: &str, known: &str| {
        send(fan.request(Method::GET, path).header("If-None-Match", known)).await
    };
    let dates = format!("/concerts/{}/schedules", show.concert);
    for path in ["/concerts", &dates] {
        let kept = first.get(path).await.expect(200);
        assert_eq!(kept.header("cache-control"), "private, no-cache");
        let tag = kept.header("etag").to_owned();
        // Requests are spread over the instances: the version is the same on each, for everybody.
        for _ in 0..service.urls().len() {
            let again = asking(&second, path, &format!("\"other\", {tag}")).await.expect(304);
            assert_eq!((again.header("etag"), again.text.as_str()), (tag.as_str(), ""));
            assert_eq!(again.header("cache-control"), "private, no-cache");
        }
        asking(&second, path, "*").await.expect(304);
        asking(&second, path, "\"other\"").await.expect(200);
    }
    let tag = first.get(&dates).await.expect(200).header("etag").to_owned();
    first.hold(show.schedule, &[1]).await.expect(201);
    let changed = asking(&second, &dates, &tag).await.expect(200);
    assert_eq!(changed.body[0]["availableSeats"], 49);
    assert_ne!(changed.header("etag"), tag);
    second.leave().await.expect(204);
    // Other instances know within a quarter of a second.
    let known = async {
        let mut instances = 0;
        while instances < service.urls().len() {
            let answer = asking(&second, &dates, changed.header("etag")).await;
            instances = if answer.status == 401 { instances + 1 } else { 0 };
        }
    };
    let patience = std::time::Duration::from_secs(1);
    tokio::time::timeout(patience, known).await.expect("the turn is over everywhere");
    asking(&second, &dates, changed.header("etag")).await.refused(401, "QUEUE_TOKEN_ENDED");
}

async fn nothing_but_the_lists_of_concerts_and_dates_may_be_kept(service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let seats = format!("/schedules/{}/seats", show.schedule);
    for path in [&seats, "/queue/status", "/reservations", "/payments", "/payments/17"] {
        let answer = fan.get(path).await;
        assert_eq!((answer.header("cache-control"), answer.header("etag")), ("no-store", ""), "{path}");
    }
    let held = fan.hold(show.schedule, &[1]).await.expect(201);
    assert_eq!(held.header("cache-control"), "no-store");
}
