//! Watching the seats of a schedule.

use std::time::Duration;

use encore_tests::{
    client::{Fan, send},
    events::{EventStream, ServerEvent},
    on_every_store,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

on_every_store! { encore_tests::service;
    all_seats_come_first_as_they_are,
    a_hold_a_cancellation_and_a_payment_are_seen_on_every_instance,
    only_whoevers_turn_it_is_watches_seats,
    a_stream_ends_with_the_turn_and_tells_nothing_after_it,
    open_streams_do_not_keep_the_service_from_ending,
}

mod unscheduled {
    use super::*;

    on_every_store! { crate::holds::two_second_holds;
        a_hold_that_runs_out_is_seen_without_any_scheduler,
    }

    async fn a_hold_that_runs_out_is_seen_without_any_scheduler(service: Service) {
        let show = service.concert(1_000).await;
        let (watcher, holder) = (service.fan().await, service.fan().await);
        let mut streams = watch_everywhere(&service, &watcher, show.schedule).await;
        let held = holder.hold(show.schedule, &[7]).await.expect(201);
        let expires_at: chrono::DateTime<chrono::Utc> = held.text_of("expiresAt").parse().unwrap();
        for stream in &mut streams {
            assert_eq!(stream.next().await, Some(seat(7, "HELD")));
        }
        for stream in &mut streams {
            let free = stream.next_within(Duration::from_secs(4)).await;
            assert_eq!(free, Some(seat(7, "AVAILABLE")));
        }
        let late = chrono::Utc::now() - expires_at;
        assert!(late >= chrono::Duration::zero(), "expected not to be free {late} before the hold's end");
        assert!(late < chrono::Duration::seconds(1), "expected to be free within a second, not after {late}");
    }
}

fn seat(number: i64, status: &str) -> ServerEvent {
    let data = json!({"seatNumber": number, "status": status});
    ServerEvent { name: "seat".to_owned(), id: None, data }
}

fn path(schedule: Uuid) -> String {
    format!("/schedules/{schedule}/seats/events")
}

/// A stream on each instance, whose first event has been read.
async fn watch_everywhere(service: &Service, fan: &Fan<'_>, schedule: Uuid) -> Vec<EventStream> {
    let opening = service.urls().into_iter().map(async |url| {
        let url = format!("{url}/api/v1{}", path(schedule));
        let mut stream = EventStream::open(Client::new().get(url).bearer_auth(&fan.token)).await;
        let first = stream.next().await.expect("the seats come first");
        assert_eq!((first.name.as_str(), first.id), ("seats", None));
        stream
    });
    join_all(opening).await
}

async fn all_seats_come_first_as_they_are(service: Service) {
    let seats = json!([{"from": 1, "to": 2, "grade": "R", "price": 1}, {"from": 9, "to": 10, "grade": "S", "price": 0}]);
    let show = service.concert_with(seats).await;
    let fan = service.fan().await;
    let held = fan.hold(show.schedule, &[10]).await.expect(201).id_of("reservationId");
    fan.pay(held).await.expect(201);
    let fan = service.join(fan.user).await;
    fan.hold(show.schedule, &[2]).await.expect(201);
    let mut stream = EventStream::open(fan.request(Method::GET, &path(show.schedule))).await;
    let expected: Vec<Value> = [(1, "AVAILABLE"), (2, "HELD"), (9, "AVAILABLE"), (10, "SOLD")]
        .map(|(number, status)| seat(number, status).data)
        .into();
    let first = stream.next().await.expect("the seats come first");
    assert_eq!((first.name.as_str(), first.data), ("seats", Value::from(expected)));
}

async fn a_hold_a_cancellation_and_a_payment_are_seen_on_every_instance(service: Service) {
    let show = service.concert(1_000).await;
    let (watcher, buyer) = (service.fan().await, service.fan().await);
    buyer.charge(1_000).await.expect(201);
    let mut streams = watch_everywhere(&service, &watcher, show.schedule).await;
    let expect = async |streams: &mut Vec<EventStream>, expected: &[ServerEvent]| {
        for stream in streams {
            for event in expected {
                let seen = stream.next_within(Duration::from_secs(1)).await;
                assert_eq!(seen.as_ref(), Some(event));
            }
        }
    };
    let cancelled = buyer.hold(show.schedule, &[3, 4]).await.expect(201).id_of("reservationId");
    expect(&mut streams, &[seat(3, "HELD"), seat(4, "HELD")]).await;
    buyer.delete(&format!("/reservations/{cancelled}")).await.expect(200);
    expect(&mut streams, &[seat(3, "AVAILABLE"), seat(4, "AVAILABLE")]).await;
    let paid = buyer.hold(show.schedule, &[50]).await.expect(201).id_of("reservationId");
    expect(&mut streams, &[seat(50, "HELD")]).await;
    buyer.pay(paid).await.expect(201);
    expect(&mut streams, &[seat(50, "SOLD")]).await;
}

async fn only_whoevers_turn_it_is_watches_seats(service: Service) {
    let show = service.concert(1_000).await;
    let path = path(show.schedule);
    send(service.request(Method::GET, &path)).await.refused(401, "UNAUTHENTICATED");
    send(service.request(Method::GET, &path).bearer_auth("x.y.z")).await.refused(401, "UNAUTHENTICATED");
    let fan = service.fan().await;
    for unknown in [Uuid::now_v7().to_string(), "17".to_owned()] {
        let answer = fan.get(&format!("/schedules/{unknown}/seats/events")).await;
        answer.refused(404, "SCHEDULE_NOT_FOUND");
    }
    service.policy(json!({"maxActive": 1})).await;
    service.fan().await.get(&path).await.refused(403, "NOT_ADMITTED");
    fan.leave().await.expect(204);
    // Other instances know within a quarter of a second.
    let known = async {
        let mut instances = 0;
        while instances < service.urls().len() {
            instances = if fan.get(&path).await.status == 401 { instances + 1 } else { 0 };
        }
    };
    timeout(Duration::from_secs(1), known).await.expect("the turn is over everywhere");
    fan.get(&path).await.refused(401, "QUEUE_TOKEN_ENDED");
}

async fn a_stream_ends_with_the_turn_and_tells_nothing_after_it(service: Service) {
    let show = service.concert(1_000).await;
    let (watcher, holder) = (service.fan().await, service.fan().await);
    let mut streams = watch_everywhere(&service, &watcher, show.schedule).await;
    watcher.leave().await.expect(204);
    holder.hold(show.schedule, &[1]).await.expect(201);
    for stream in &mut streams {
        assert_eq!(stream.next().await, None, "expected the stream to end, and to say nothing of the hold");
    }
}

async fn open_streams_do_not_keep_the_service_from_ending(mut service: Service) {
    let show = service.concert(1_000).await;
    let fan = service.fan().await;
    let mut streams = watch_everywhere(&service, &fan, show.schedule).await;
    let mut instances: Vec<_> = service.instances().drain(..).collect();
    for instance in &instances {
        instance.ask_to_stop().await;
    }
    for stream in &mut streams {
        assert_eq!(stream.next().await, None, "expected the stream to end in order");
    }
    for instance in &mut instances {
        let code = timeout(Duration::from_secs(5), instance.wait()).await;
        assert_eq!(code.expect("expected it to end without waiting for anybody"), Some(0));
    }
}
