//! Listings of seats: everybody those of one date, or each of another.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    bare_handler::{BareHandler, LISTING},
    findings::Target,
    generator::{Connection, Expected, Order, Requests, Tally},
    hall::{SEATS, listing_path},
    room::Kind,
};

use crate::{
    Bench,
    contest::{Contest, Load, Run, hold},
    scene::{Scene, room_of_admitted},
};

const USERS: u64 = 1_000;
const SCHEDULES: [u64; 2] = [1, 100];
const CONNECTIONS: usize = 64;
const LASTS: Duration = Duration::from_secs(1);
const LIMIT: &str = "bare handler";
const EXPECTED: &[Expected] = &[Expected { status: 200, mark: "\"seatNumber\":50," }];

struct Listings {
    scene: Scene,
    bare: BareHandler,
    requests: Arc<Requests>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        for dates in SCHEDULES {
            let title =
                format!("Listings of 50 seats, dates: {dates}, {CONNECTIONS} connections, {}", kind.name());
            let rounds = hold(&mut Listings::on(kind, dates).await, bench.rounds).await;
            let about = format!(
                "{USERS} users list all seats of {dates} dates, over and over for {} s. Of one date half are held, \
                 of a hundred every fifth is held as a whole. The limit is a bare handler that checks the same token \
                 and answers with the same bytes.",
                LASTS.as_secs()
            );
            rounds.file(&mut bench.findings, &title, about, LIMIT, Some(Target::AtLeast(0.5)));
        }
    }
}

impl Listings {
    async fn on(kind: Kind, dates: u64) -> Self {
        let room = room_of_admitted(kind, USERS).await;
        let held = if dates == 1 { SEATS / 2 } else { USERS };
        room.put_held_seats(1..=held).await;
        let first_free = held.div_ceil(SEATS) + 1;
        if first_free <= dates {
            room.put_schedules(1, first_free..=dates).await;
        }
        let request =
            |number| room.request(number, "GET", &format!("{}?status=all", listing_path(number % dates + 1)));
        let requests: Requests = (1..=USERS).map(request).collect();
        let scene = Scene::start(room).await;
        let mut connection = Connection::open(scene.address).await.expect("the instance takes connections");
        let answer = connection.ask(requests.get(0).expect("there are some")).await;
        let listing = String::from_utf8(answer.expect("the instance answers").body.to_vec());
        let bare = BareHandler::start(&[(LISTING, &listing.expect("a listing is a text"))]).await;
        Self { scene, bare, requests: Arc::new(requests) }
    }
}

impl Contest for Listings {
    async fn prepare(&mut self) {}

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn load(&mut self) -> Load {
        let requests = Arc::clone(&self.requests);
        Load { requests, connections: CONNECTIONS, order: Order::Over, lasts: LASTS, expected: EXPECTED }
    }

    async fn check(&mut self, _tally: &Tally) {}

    async fn limit(&mut self) -> Run {
        self.load().await.ask_limit(self.bare.address, self.bare.id()).await
    }
}
