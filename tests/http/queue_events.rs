//! Following one's place as a stream of events.

use std::time::Duration;

use encore_tests::{
    client::{Fan, send},
    events::{EventStream, ServerEvent},
    on_every_store,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

on_every_store! { encore_tests::service;
    a_stream_begins_with_the_place_as_polls_tell_it,
    a_turn_that_comes_is_told_within_a_second_on_every_instance_and_claimed,
    whoever_is_ahead_and_leaves_is_no_longer_counted_in_a_later_event,
    whoever_comes_again_is_not_told_the_same_again,
    a_place_that_was_given_up_is_told_with_its_reason_and_then_nothing_more,
    only_a_queue_token_follows_a_place,
    open_streams_of_places_do_not_keep_the_service_from_ending,
}

const PATH: &str = "/queue/events";

/// Asks this instance for a stream.
fn follow_on(url: &str, fan: &Fan<'_>) -> RequestBuilder {
    Client::new().get(format!("{url}/api/v1{PATH}")).bearer_auth(&fan.token)
}

/// A stream of a place on each instance.
async fn follow_everywhere(service: &Service, fan: &Fan<'_>) -> Vec<EventStream> {
    join_all(service.urls().into_iter().map(|url| EventStream::open(follow_on(url, fan)))).await
}

fn status(event: &ServerEvent) -> &str {
    event.data["status"].as_str().unwrap_or_default()
}

/// What does not depend on the instant of the question.
fn place(body: &Value) -> [&Value; 7] {
    ["userId", "status", "number", "ahead", "issuedAt", "expiresAt", "reason"].map(|member| &body[member])
}

async fn a_stream_begins_with_the_place_as_polls_tell_it(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let (inside, fan) = (service.fan().await, service.fan().await);
    for fan in [fan, inside] {
        let told = fan.status().await.expect(200);
        for mut stream in follow_everywhere(&service, &fan).await {
            let first = stream.next_within(Duration::from_secs(1)).await.expect("the place comes first");
            assert_eq!(first.name, "status");
            assert!(first.id.is_some(), "{first:?}");
            assert_eq!(place(&first.data), place(&told.body));
            let members = |body: &Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(members(&first.data), members(&told.body));
        }
    }
}

async fn a_turn_that_comes_is_told_within_a_second_on_every_instance_and_claimed(service: Service) {
    service.policy(json!({"maxActive": 1, "claimSeconds": 2})).await;
    let (inside, fan) = (service.fan().await, service.fan().await);
    let mut streams = follow_everywhere(&service, &fan).await;
    for stream in &mut streams {
        assert_eq!(status(&stream.next().await.expect("the place comes first")), "WAITING");
    }
    inside.leave().await.expect(204);
    let left = Instant::now();
    for stream in &mut streams {
        let event = stream.next_that(|event| status(event) != "WAITING").await;
        assert!(left.elapsed() < Duration::from_secs(1), "told after {:?}", left.elapsed());
        assert_eq!((status(&event), &event.data["ahead"]), ("ACTIVE", &json!(0)));
        assert!(event.data["expiresAt"].is_string(), "{event:?}");
        assert_eq!(stream.next().await, None, "expected the stream to end with the wait");
    }
    let claimed = "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND claimed_at IS NOT NULL";
    assert_eq!(service.database.number(claimed).await, 1, "whoever is told of the turn has come");
}

async fn whoever_is_ahead_and_leaves_is_no_longer_counted_in_a_later_event(service: Service) {
    // The more are admitted, the sooner the next news is due.
    service.policy(json!({"maxActive": 30})).await;
    let _inside = join_all((0..30).map(|_| service.fan())).await;
    let (ahead, fan) = (service.fan().await, service.fan().await);
    let mut streams = follow_everywhere(&service, &fan).await;
    for stream in &mut streams {
        let first = stream.next().await.expect("the place comes first");
        assert_eq!(first.data["ahead"], json!(1));
    }
    ahead.leave().await.expect(204);
    for stream in &mut streams {
        let later = stream.next_that(|event| event.data["ahead"] != json!(1)).await;
        assert_eq!((status(&later), &later.data["ahead"]), ("WAITING", &json!(0)));
    }
}

async fn whoever_comes_again_is_not_told_the_same_again(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let (inside, fan) = (service.fan().await, service.fan().await);
    let mut streams = vec![];
    for mut stream in follow_everywhere(&service, &fan).await {
        let first = stream.next().await.expect("the place comes first");
        let again = fan.request(Method::GET, PATH).header("Last-Event-ID", first.id.unwrap());
        streams.push(EventStream::open(again).await);
    }
    inside.leave().await.expect(204);
    for stream in &mut streams {
        let first = stream.next().await.expect("the turn is told");
        assert_eq!(status(&first), "ACTIVE", "expected nothing before the news");
        assert_eq!(stream.next().await, None);
        for url in service.urls() {
            let again = follow_on(url, &fan).header("Last-Event-ID", first.id.clone().unwrap());
            let answer = send(again).await.expect(204);
            assert!(answer.text.is_empty(), "{answer:?}");
        }
    }
}

async fn a_place_that_was_given_up_is_told_with_its_reason_and_then_nothing_more(service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let streams = follow_everywhere(&service, &fan).await;
    fan.leave().await.expect(204);
    let after = follow_everywhere(&service, &fan).await;
    for mut stream in streams.into_iter().chain(after) {
        let end = stream.next_that(|event| status(event) != "WAITING").await;
        assert_eq!((status(&end), &end.data["reason"]), ("ENDED", &json!("LEFT")));
        assert_eq!(stream.next().await, None);
        let again = fan.request(Method::GET, PATH).header("Last-Event-ID", end.id.unwrap());
        send(again).await.expect(204);
    }
}

async fn only_a_queue_token_follows_a_place(service: Service) {
    send(service.request(Method::GET, PATH)).await.refused(401, "UNAUTHENTICATED");
    send(service.request(Method::GET, PATH).bearer_auth("x.y.z")).await.refused(401, "UNAUTHENTICATED");
    let account = json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"});
    send(service.request(Method::POST, "/users").json(&account)).await.expect(201);
    let session = send(service.request(Method::POST, "/sessions").json(&account)).await.expect(201);
    let access = session.text_of("accessToken");
    send(service.request(Method::GET, PATH).bearer_auth(access)).await.refused(401, "UNAUTHENTICATED");
    let mut forged = service.fan().await.token;
    let last = if forged.ends_with('A') { 'Q' } else { 'A' };
    forged.pop();
    forged.push(last);
    send(service.request(Method::GET, PATH).bearer_auth(forged)).await.refused(401, "UNAUTHENTICATED");
}

async fn open_streams_of_places_do_not_keep_the_service_from_ending(mut service: Service) {
    service.policy(json!({"maxActive": 1})).await;
    let _inside = service.fan().await;
    let fan = service.fan().await;
    let mut streams = follow_everywhere(&service, &fan).await;
    for stream in &mut streams {
        stream.next().await.expect("the place comes first");
    }
    let mut instances: Vec<_> = service.instances().drain(..).collect();
    for instance in &instances {
        instance.ask_to_stop().await;
    }
    for instance in &mut instances {
        let code = timeout(Duration::from_secs(20), instance.wait()).await;
        assert_eq!(code.expect("it ends within 20 seconds"), Some(0));
    }
    for stream in &mut streams {
        while let Some(event) = stream.next().await {
            assert_eq!(status(&event), "WAITING", "expected the stream to end in order");
        }
    }
}

/// The instance that tells the store of the presence is not the one that was joined at, and hears of nothing but the
/// stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_keeps_a_stream_open_is_there() {
    let service = encore_tests::service::postgres().await;
    service.policy(json!({"maxActive": 1})).await;
    let (_inside, fan) = (service.fan().await, service.fan().await);
    let present_for =
        "SELECT extract(epoch FROM present_until - issued_at)::bigint FROM queue_tickets WHERE number = 2";
    // Until when somebody is believed to be there tells of the last sign only once some seconds have gone by.
    sleep(Duration::from_secs(4)).await;
    assert!(service.database.number(present_for).await <= 62, "nobody has asked since the beginning");
    let _streams = follow_everywhere(&service, &fan).await;
    let told = async { while service.database.number(present_for).await < 63 {} };
    timeout(Duration::from_secs(5), told).await.expect("the next roll call tells of whoever follows");
}
