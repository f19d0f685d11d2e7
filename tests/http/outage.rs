//! The PostgreSQL server dies, or freezes, while fans wait, and comes back.

use std::{cell::Cell, time::Duration};

use encore_tests::{
    client::{Answer, Fan, Show, send},
    databases::Database,
    events::EventStream,
    postgres_server::PostgresServer,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

const INSIDE: u64 = 3;
const WAITING: u64 = 10;

/// For how long the server is frozen: longer than anybody waits for it.
const FROZEN: Duration = Duration::from_secs(10);

/// A room with some inside and some who wait, on a server that can be killed.
struct Stage {
    service: Service,
    show: Show,
    /// Somebody who can join, and has not.
    newcomer: Uuid,
    server: PostgresServer,
}

/// Those in the room: the first of those inside has a hold and can pay for it.
struct Crowd<'a> {
    inside: Vec<Fan<'a>>,
    waiting: Vec<Fan<'a>>,
    reservation: Uuid,
}

impl Stage {
    async fn new() -> Self {
        let server = PostgresServer::start().await;
        let database = Database::on_own_server(&server.url()).await;
        // A store that is away is no news to this test.
        let service = Service::start(database, 2, &[("ENCORE_LOG", "off")]).await;
        service.policy(json!({"maxActive": INSIDE})).await;
        let show = service.concert(1_000).await;
        let newcomer = service.user().await;
        Self { service, show, newcomer, server }
    }

    async fn crowd(service: &Service, show: Show) -> Crowd<'_> {
        let mut fans = vec![];
        for _ in 0..INSIDE + WAITING {
            fans.push(service.fan().await);
        }
        let waiting = fans.split_off(usize::try_from(INSIDE).unwrap());
        fans[0].charge(1_000).await.expect(201);
        let reservation = fans[0].hold(show.schedule, &[1]).await.expect(201).id_of("reservationId");
        Crowd { inside: fans, waiting, reservation }
    }
}

/// The tickets as the store has them.
async fn tickets(service: &Service) -> Vec<String> {
    let sql =
        "SELECT concat_ws(' ', number, id, user_id, status, passed_over, claimed_at, expires_at) AS text
               FROM queue_tickets ORDER BY number";
    service.database.texts(sql).await
}

async fn is_ready(url: &str) -> bool {
    reqwest::get(format!("{url}/readyz")).await.unwrap().status() == 200
}

/// Waits until every instance says that it is ready, or is not.
async fn until_ready(service: &Service, ready: bool, patience: Duration) {
    let all = async {
        for url in service.urls() {
            while is_ready(url).await != ready {
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    timeout(patience, all)
        .await
        .unwrap_or_else(|_| panic!("expected readiness to be {ready} after {patience:?}"));
}

/// Goes on asking for the places of those who wait, on every instance, until told to stop. Everybody is always told
/// the same place, in time, and how old it is while the store is away.
struct Polls {
    over: Cell<bool>,
    away_since: Cell<Option<Instant>>,
    answered: Cell<u32>,
}

impl Polls {
    fn new() -> Self {
        Self { over: Cell::new(false), away_since: Cell::new(None), answered: Cell::new(0) }
    }

    async fn go_on(&self, fans: &[Fan<'_>]) {
        join_all(fans.iter().zip(0..).map(|(fan, ahead)| self.go_on_asking(fan, ahead))).await;
    }

    async fn go_on_asking(&self, fan: &Fan<'_>, ahead: u64) {
        while !self.over.get() {
            let (away_since, asked) = (self.away_since.get(), Instant::now());
            let status = fan.status().await.expect(200);
            assert!(asked.elapsed() < Duration::from_secs(2), "answered after {:?}", asked.elapsed());
            assert_eq!(
                (&status.body["status"], &status.body["ahead"]),
                (&json!("WAITING"), &json!(ahead)),
                "{status:?}"
            );
            if let Some(away) = away_since.map(|since| asked - since).filter(|away| away.as_secs() >= 2) {
                let age: u64 = status.header("age").parse().expect("an Age while the store is away");
                assert!((away.as_secs() - 1..=away.as_secs() + 3).contains(&age), "{age} s after {away:?}");
            }
            self.answered.set(self.answered.get() + 1);
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Insists on the answer of whoever can not do without the store, and that it comes soon.
async fn told_that_the_store_is_away(answer: impl Future<Output = Answer>) {
    let asked = Instant::now();
    let answer = answer.await.refused(503, "STORE_UNAVAILABLE");
    assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(5), "answered after {:?}", asked.elapsed());
}

/// The room goes on: somebody leaves, the next is admitted and told so, the others come nearer, and seats are sold.
async fn the_room_goes_on(crowd: &Crowd<'_>, streams: &mut [EventStream], show: Show) {
    crowd.inside[1].leave().await.expect(204);
    let [first, second] = streams else { panic!("two follow their places") };
    first.next_that(|event| event.data["status"] == "ACTIVE").await;
    assert_eq!(first.next().await, None);
    second.next_that(|event| event.data["status"] == "WAITING" && event.data["ahead"] == 0).await;
    crowd.waiting[0].hold(show.schedule, &[2]).await.expect(201);
    crowd.inside[0].pay(crowd.reservation).await.expect(201);
}

/// Opens streams of the first two who wait, and reads what comes first.
async fn follow(crowd: &Crowd<'_>) -> Vec<EventStream> {
    let mut streams = vec![];
    for fan in &crowd.waiting[..2] {
        let mut stream = EventStream::open(fan.request(Method::GET, "/queue/events")).await;
        assert_eq!(stream.next().await.expect("the place is told").data["status"], "WAITING");
        streams.push(stream);
    }
    streams
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_told_the_place_while_the_server_is_killed_and_nobody_loses_it() {
    let Stage { service, show, newcomer, mut server } = Stage::new().await;
    let crowd = Stage::crowd(&service, show).await;
    let mut streams = follow(&crowd).await;
    let before = tickets(&service).await;
    let polls = Polls::new();
    let outage = async {
        sleep(Duration::from_secs(1)).await;
        server.kill().await;
        polls.away_since.set(Some(Instant::now()));
        until_ready(&service, false, Duration::from_secs(10)).await;
        let join = json!({"userId": newcomer});
        tokio::join!(
            told_that_the_store_is_away(send(service.request(Method::POST, "/queue/tokens").json(&join))),
            told_that_the_store_is_away(crowd.inside[1].hold(show.schedule, &[7])),
            told_that_the_store_is_away(crowd.inside[0].pay(crowd.reservation)),
            told_that_the_store_is_away(crowd.inside[2].leave()),
        );
        // Long enough for everything that is tried again in an outage to have been tried again.
        sleep(Duration::from_secs(6)).await;
        polls.away_since.set(None);
        server.start_again().await;
        until_ready(&service, true, Duration::from_secs(20)).await;
        let fresh = async { while !crowd.waiting[0].status().await.header("age").is_empty() {} };
        timeout(Duration::from_secs(20), fresh).await.expect("what is known is fresh again");
        polls.over.set(true);
    };
    tokio::join!(outage, polls.go_on(&crowd.waiting));
    assert!(polls.answered.get() >= 100, "{} polls were answered", polls.answered.get());
    assert_eq!(tickets(&service).await, before, "the room is as it was");
    the_room_goes_on(&crowd, &mut streams, show).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_told_the_place_while_the_server_is_frozen_and_nobody_loses_it() {
    let Stage { service, show, server, .. } = Stage::new().await;
    let crowd = Stage::crowd(&service, show).await;
    let mut streams = follow(&crowd).await;
    let before = tickets(&service).await;
    let polls = Polls::new();
    let outage = async {
        sleep(Duration::from_secs(1)).await;
        server.freeze();
        let frozen = Instant::now();
        polls.away_since.set(Some(frozen));
        until_ready(&service, false, Duration::from_secs(10)).await;
        told_that_the_store_is_away(crowd.inside[1].hold(show.schedule, &[7])).await;
        sleep(FROZEN.saturating_sub(frozen.elapsed())).await;
        polls.away_since.set(None);
        server.unfreeze();
        until_ready(&service, true, Duration::from_secs(20)).await;
        polls.over.set(true);
    };
    tokio::join!(outage, polls.go_on(&crowd.waiting));
    assert_eq!(tickets(&service).await, before, "the room is as it was");
    the_room_goes_on(&crowd, &mut streams, show).await;
}
