//! The memory of an instance.

use std::time::Duration;

use encore_benches::{
    findings::{Spread, Target, Verdict, decimals},
    generator::{Expected, Order, closed_loop},
    process::memory,
    room::{Room, policy},
};

use crate::{
    Bench,
    contest::Load,
    scene::{DAY, Scene},
};

const TICKETS: u64 = 100_000;
/// Owners of tickets who ask before memory is looked at.
const ASKING: u64 = 20_000;
/// How long an instance is left to itself before.
const SETTLES_FOR: Duration = Duration::from_secs(3);
/// Megabytes, idle and with all the tickets.
const IDLE_AT_MOST: f64 = 40.0;
const FULL_AT_MOST: f64 = 120.0;
const CONNECTIONS: usize = 64;

pub(crate) async fn measure(bench: &mut Bench) {
    for kind in bench.stores.clone() {
        let idle = Scene::start(Room::new(kind, &policy(1, DAY, DAY)).await).await;
        judge(bench, format!("Memory of an idle instance, {}", kind.name()), &idle, IDLE_AT_MOST).await;
        drop(idle);
        let room = Room::filled(kind, &policy(1, DAY, DAY), 0, TICKETS).await;
        let numbers = (1..=ASKING).map(|place| place * TICKETS / ASKING);
        let requests = room.requests(numbers, "GET", "/queue/status").into();
        let full = Scene::start(room).await;
        let (lasts, expected) = (Duration::from_secs(30), &[Expected::OK]);
        let load = Load { requests, connections: CONNECTIONS, order: Order::Once, lasts, expected };
        let _asked = closed_loop(load.at(full.address)).await.insist();
        let title =
            format!("Memory with {TICKETS} live tickets, {ASKING} of which have asked, {}", kind.name());
        judge(bench, title, &full, FULL_AT_MOST).await;
    }
}

async fn judge(bench: &mut Bench, work: String, scene: &Scene, at_most: f64) {
    tokio::time::sleep(SETTLES_FOR).await;
    let (resident, most) = memory(scene.instance.id());
    let [resident, most] = [resident, most].map(|bytes| bytes as f64 / 1e6);
    bench.findings.judge(Verdict {
        work,
        figure: format!("{} MB", decimals(resident, 1)),
        limit: format!("the most so far: {} MB", decimals(most, 1)),
        value: Spread::of([resident]),
        unit: "MB",
        target: Some(Target::AtMost(at_most)),
    });
}
