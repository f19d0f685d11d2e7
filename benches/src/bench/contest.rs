//! The service and its limit, measured in turn.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use encore_benches::generator::{Expected, Order, Plan, Requests, Tally, closed_loop, open_loop};
use hdrhistogram::Histogram;

use crate::{
    rounds::Rounds,
    scene::Scene,
    spent::{Meter, Spent},
};

/// The share of the rate that was measured, at which an open loop asks.
const OPEN_LOOP_SHARE: f64 = 0.5;
const OPEN_LOOP_LASTS: Duration = Duration::from_secs(1);
/// How often it does.
pub(crate) const OPEN_LOOPS: usize = 5;

/// One side of one round.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) a_second: f64,
    /// In microseconds; none where a limit tells no more than its rate.
    pub(crate) latencies: Option<Histogram<u64>>,
    pub(crate) spent: Spent,
}

/// What is asked in a run.
pub(crate) struct Load {
    pub(crate) requests: Arc<Requests>,
    pub(crate) connections: usize,
    pub(crate) order: Order,
    pub(crate) lasts: Duration,
    pub(crate) expected: &'static [Expected],
}

/// A work that the service and its limit do, each with data of its own.
pub(crate) trait Contest {
    /// Puts in what a round needs.
    async fn prepare(&mut self);
    /// Where the service does it.
    fn scene(&self) -> &Scene;
    /// What the service is asked next.
    async fn load(&mut self) -> Load;
    /// Insists that the service has done it, and goes on behind it.
    async fn check(&mut self, tally: &Tally);
    async fn limit(&mut self) -> Run;
}

impl Run {
    pub(crate) fn of(tally: &Tally, spent: Spent) -> Self {
        Self { a_second: tally.a_second(), latencies: Some(tally.latencies.clone()), spent }
    }

    pub(crate) fn rate(a_second: f64) -> Self {
        Self { a_second, latencies: None, spent: Spent::default() }
    }
}

impl Load {
    pub(crate) fn at(self, address: SocketAddr) -> Plan {
        let Self { requests, connections, order, lasts, expected } = self;
        Plan { address, connections, requests, order, lasts, expected }
    }

    /// Asks a process that answers from memory.
    pub(crate) async fn ask_limit(self, address: SocketAddr, process: u32) -> Run {
        let meter = Meter::start(process, None).await;
        let tally = closed_loop(self.at(address)).await.insist();
        Run::of(&tally, meter.each(tally.count()))
    }
}

/// How often the service is asked in a contest of so many rounds.
pub(crate) const fn runs_in(rounds: usize) -> usize {
    1 + rounds + OPEN_LOOPS
}

/// Holds a contest: a round that does not count, and so many that do. Who is first takes turns. In the end the service
/// is asked at a fixed rate, several times.
pub(crate) async fn hold(contest: &mut impl Contest, rounds: usize) -> Rounds {
    let mut all = Rounds::default();
    for round in 0..=rounds {
        contest.prepare().await;
        let (service, limit) = if round % 2 == 0 {
            let service = ask_service(contest).await;
            (service, contest.limit().await)
        } else {
            let limit = contest.limit().await;
            (ask_service(contest).await, limit)
        };
        eprintln!("round {round}: {:.0}/s, its limit {:.0}/s", service.a_second, limit.a_second);
        if round > 0 {
            all.service.push(service);
            all.limit.push(limit);
        }
    }
    let a_second = OPEN_LOOP_SHARE * all.service_rate();
    let mut latencies = Vec::with_capacity(OPEN_LOOPS);
    for _ in 0..OPEN_LOOPS {
        contest.prepare().await;
        let load = Load { lasts: OPEN_LOOP_LASTS, ..contest.load().await };
        let tally = open_loop(load.at(contest.scene().address), a_second).await.insist();
        contest.check(&tally).await;
        latencies.push(tally.latencies);
    }
    all.open_loops = Some((a_second, latencies));
    all
}

async fn ask_service(contest: &mut impl Contest) -> Run {
    let load = contest.load().await;
    let scene = contest.scene();
    let meter = Meter::start(scene.instance.id(), Some(&scene.room)).await;
    let tally = closed_loop(load.at(scene.address)).await.insist();
    let spent = meter.each(tally.count());
    contest.check(&tally).await;
    Run::of(&tally, spent)
}
