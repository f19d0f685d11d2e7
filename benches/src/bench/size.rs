//! What depends on how much is in the store: nothing should.

use std::{sync::Arc, time::Duration};

use encore_benches::{
    findings::{Spread, Table, Target, Verdict, Work, decimals},
    generator::{Expected, Order, Requests, closed_loop},
    hall::{Place, SEATS, hold_request, listing_path, pay_request},
    room::Kind,
};

use crate::{
    Bench,
    contest::Load,
    scene::{Scene, room_of_admitted},
    spent::Meter,
};

/// How much is in a store beside what is worked on: concerts of 50 dates that are on sale, and seats that were sold.
#[derive(Clone, Copy)]
struct Size {
    concerts: u64,
    sold: u64,
}

const SMALL: Size = Size { concerts: 1, sold: 1_000 };
const MORE_CONCERTS: [Size; 2] = [Size { concerts: 10, ..SMALL }, Size { concerts: 100, ..SMALL }];
const MORE_SOLD: [Size; 2] = [Size { sold: 100_000, ..SMALL }, Size { sold: 1_000_000, ..SMALL }];
const DATES_OF_A_CONCERT: u64 = 50;
/// How many times more the most may cost than the least.
const RATIO: f64 = 1.2;
const CONNECTIONS: usize = 8;
/// Holds of a round, and as many payments; and listings.
const CHANGES: u64 = 800;
const LISTINGS: u64 = 2_000;
const LASTS: Duration = Duration::from_secs(20);
const WORKS: [(&str, Of); 3] = [("listing", Of::Listing), ("hold", Of::Hold), ("payment", Of::Pay)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Listing,
    Hold,
    Pay,
}

/// A store of a size.
struct Side {
    name: String,
    scene: Scene,
    tokens: Vec<String>,
    /// The costs of each work, a round each.
    costs: [Vec<Cost>; 3],
}

/// What one has cost.
#[derive(Clone, Copy)]
struct Cost {
    /// Microseconds of computing, by the instance and by the store's server.
    computing: f64,
    /// Milliseconds (p50).
    took: f64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        // One more round that does not count.
        let changes = CHANGES * (bench.rounds as u64 + 1);
        let mut sides = Vec::new();
        for size in [SMALL].into_iter().chain(MORE_CONCERTS).chain(MORE_SOLD) {
            sides.push(Side::of(kind, size, changes).await);
        }
        for round in 0..=bench.rounds as u64 {
            for place in 0..sides.len() {
                // Who is first takes turns.
                let side = (place + round as usize) % sides.len();
                sides[side].play(round, changes).await;
            }
        }
        tell(bench, kind, &sides);
    }
}

impl Side {
    /// Users up to `changes` have a seat to pay for, and as many others want one.
    async fn of(kind: Kind, size: Size, changes: u64) -> Self {
        let name =
            format!("{} concerts, {} sold", decimals(size.concerts as f64, 0), decimals(size.sold as f64, 0));
        eprintln!("{}: {name}", kind.name());
        let room = room_of_admitted(kind, 2 * changes).await;
        room.put_held_seats(1..=changes).await;
        let mut next = Place(changes - 1).schedule() + 1;
        room.put_schedules(1, next..=Self::last_to_hold(changes)).await;
        next = Self::last_to_hold(changes) + 1;
        let sold_from = (next - 1) * SEATS;
        let dates = size.concerts * DATES_OF_A_CONCERT + size.sold.div_ceil(SEATS);
        for concert in 0..dates.div_ceil(DATES_OF_A_CONCERT) {
            room.put_schedules(2 + concert, next..=next + DATES_OF_A_CONCERT - 1).await;
            next += DATES_OF_A_CONCERT;
        }
        room.put_sold_seats(sold_from + 1..=sold_from + size.sold, 2 * changes).await;
        let tokens = (1..=2 * changes).map(|number| room.token(number)).collect();
        Self { name, scene: Scene::start(room).await, tokens, costs: Default::default() }
    }

    /// The last date whose seats are there to be held.
    fn last_to_hold(changes: u64) -> u64 {
        Place(changes - 1).schedule() + changes.div_ceil(SEATS)
    }

    async fn play(&mut self, round: u64, changes: u64) {
        for (place, (_, of)) in WORKS.iter().enumerate() {
            let requests = Arc::new(self.requests(*of, round, changes));
            let expected = if *of == Of::Listing { &[Expected::OK] } else { &[Expected::CREATED] };
            let load =
                Load { requests, connections: CONNECTIONS, order: Order::Once, lasts: LASTS, expected };
            let meter = Meter::start(self.scene.instance.id(), Some(&self.scene.room)).await;
            let tally = closed_loop(load.at(self.scene.address)).await.insist();
            let spent = meter.each(tally.count());
            let took = tally.latencies.value_at_quantile(0.5) as f64 / 1e3;
            if round > 0 {
                self.costs[place].push(Cost { computing: spent.service + spent.server, took });
            }
        }
    }

    fn requests(&self, of: Of, round: u64, changes: u64) -> Requests {
        let token = |number: u64| self.tokens[number as usize - 1].as_str();
        let first = round * CHANGES;
        // Their dates begin behind those of whoever pays.
        let to_hold = Place(changes - 1).schedule() * SEATS;
        match of {
            Of::Listing => {
                let dates = Self::last_to_hold(changes);
                let of_date = |place: u64| {
                    let path = listing_path(place % dates + 1);
                    encore_benches::http::request(
                        "GET",
                        &path,
                        Some(token(changes + 1 + place % changes)),
                        None,
                    )
                };
                (0..LISTINGS).map(of_date).collect()
            }
            Of::Hold => {
                let hold = |place| hold_request(token(changes + 1 + place), Place(to_hold + place), None);
                (first..first + CHANGES).map(hold).collect()
            }
            Of::Pay => {
                (first + 1..=first + CHANGES).map(|number| pay_request(token(number), number)).collect()
            }
        }
    }
}

fn tell(bench: &mut Bench, kind: Kind, sides: &[Side]) {
    let mut rows = Vec::new();
    for (place, (name, _)) in WORKS.iter().enumerate() {
        let all = |figure: fn(&Cost) -> f64, side: &Side| Spread::of(side.costs[place].iter().map(figure));
        for side in sides {
            let computing = decimals(all(|cost| cost.computing, side).median, 0);
            let took = decimals(all(|cost| cost.took, side).median, 2);
            rows.push(vec![(*name).to_owned(), side.name.clone(), computing, took]);
        }
        for (most, what) in [(MORE_CONCERTS.len(), "concerts"), (sides.len() - 1, "sold seats")] {
            let (few, many) = (&sides[0], &sides[most]);
            let ratios = many.costs[place].iter().zip(&few.costs[place]);
            let figure = |side: &Side| format!("{} µs", decimals(all(|cost| cost.computing, side).median, 0));
            bench.findings.judge(Verdict {
                work: format!("Computing of a {name}, many {what} against few, {}", kind.name()),
                figure: format!("{}: {}", many.name, figure(many)),
                limit: format!("{}: {}", few.name, figure(few)),
                value: Spread::of(ratios.map(|(many, few)| many.computing / few.computing)),
                unit: "",
                target: Some(Target::AtMost(RATIO)),
            });
        }
    }
    let head = ["", "in the store", "computing (instance and server), µs each", "p50, ms"];
    bench.findings.add(Work {
        title: format!("Cost against size, {}", kind.name()),
        about: format!(
            "Stores with more and more in them side by side, measured in turn over {CONNECTIONS} connections: \
             {LISTINGS} listings, {CHANGES} holds and {CHANGES} payments a round."
        ),
        tables: vec![Table { head: head.map(str::to_owned).to_vec(), rows }],
        curves: Vec::new(),
    });
}
