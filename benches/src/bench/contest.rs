//! The service and its limit, measured in turn.

use encore_benches::{
    findings::{Curve, PERCENTILES, Spread, Table, Target, Verdict, decimals},
    generator::Tally,
};
use hdrhistogram::Histogram;

use crate::spent::Spent;

/// One side of one round.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) a_second: f64,
    /// In microseconds; none where a limit tells no more than its rate.
    pub(crate) latencies: Option<Histogram<u64>>,
    pub(crate) spent: Spent,
}

impl Run {
    pub(crate) fn of(tally: &Tally, spent: Spent) -> Self {
        Self { a_second: tally.a_second(), latencies: Some(tally.latencies.clone()), spent }
    }

    pub(crate) fn rate(a_second: f64) -> Self {
        Self { a_second, latencies: None, spent: Spent::default() }
    }
}

/// A work that the service and its limit do, each with data of its own.
pub(crate) trait Contest {
    /// Puts in what the round needs.
    async fn prepare(&mut self);
    async fn service(&mut self) -> Run;
    async fn limit(&mut self) -> Run;
}

/// All that counts of a contest.
pub(crate) struct Rounds {
    pub(crate) service: Vec<Run>,
    pub(crate) limit: Vec<Run>,
}

/// Holds a contest: a round that does not count, and so many that do. Who is first takes turns.
pub(crate) async fn hold(contest: &mut impl Contest, rounds: usize) -> Rounds {
    let mut all = Rounds { service: Vec::new(), limit: Vec::new() };
    for round in 0..=rounds {
        contest.prepare().await;
        let (service, limit) = if round % 2 == 0 {
            let service = contest.service().await;
            (service, contest.limit().await)
        } else {
            let limit = contest.limit().await;
            (contest.service().await, limit)
        };
        eprintln!("round {round}: {:.0}/s, its limit {:.0}/s", service.a_second, limit.a_second);
        if round > 0 {
            all.service.push(service);
            all.limit.push(limit);
        }
    }
    all
}

impl Rounds {
    /// The verdict on the ratio of the rates.
    pub(crate) fn verdict(&self, work: impl Into<String>, limit: &str, target: Target) -> Verdict {
        let a_second = |runs: &[Run]| Spread::of(runs.iter().map(|run| run.a_second)).median;
        let ratios = self.service.iter().zip(&self.limit).map(|(ours, limit)| ours.a_second / limit.a_second);
        Verdict {
            work: work.into(),
            figure: format!("{}/s", decimals(a_second(&self.service), 0)),
            limit: format!("{limit}: {}/s", decimals(a_second(&self.limit), 0)),
            value: Spread::of(ratios),
            unit: "",
            target: Some(target),
        }
    }

    /// A percentile of the service's latencies in milliseconds, in each round.
    pub(crate) fn milliseconds(&self, quantile: f64) -> Spread {
        let latencies = self.service.iter().filter_map(|run| run.latencies.as_ref());
        Spread::of(latencies.map(|latencies| latencies.value_at_quantile(quantile) as f64 / 1e3))
    }

    /// Rates, percentiles and computing of both.
    pub(crate) fn table(&self, limit: &str) -> Table {
        let mut head = vec![String::new(), "a second".to_owned()];
        head.extend(PERCENTILES.iter().map(|(name, _)| format!("{name}, ms")));
        head.extend(["service", "store's server", "client"].map(|who| format!("computing, {who}, µs each")));
        Table { head, rows: vec![row("the service", &self.service), row(limit, &self.limit)] }
    }

    /// The latencies of all rounds, of whoever has told them.
    pub(crate) fn curves(&self, limit: &str) -> Vec<Curve> {
        let curve = |name: &str, runs: &[Run]| Some(Curve::of(name, &all_latencies(runs)?));
        [curve("the service", &self.service), curve(limit, &self.limit)].into_iter().flatten().collect()
    }
}

fn all_latencies(runs: &[Run]) -> Option<Histogram<u64>> {
    let mut told = runs.iter().filter_map(|run| run.latencies.as_ref());
    let mut all = told.next()?.clone();
    for latencies in told {
        all.add(latencies).expect("all have the same bounds");
    }
    Some(all)
}

fn row(name: &str, runs: &[Run]) -> Vec<String> {
    let median = |figure: &dyn Fn(&Run) -> f64| Spread::of(runs.iter().map(figure)).median;
    let mut row = vec![name.to_owned(), decimals(median(&|run| run.a_second), 0)];
    let latencies = all_latencies(runs);
    row.extend(PERCENTILES.iter().map(|(_, quantile)| {
        let latency = |all: &Histogram<u64>| decimals(all.value_at_quantile(*quantile) as f64 / 1e3, 2);
        latencies.as_ref().map_or("-".to_owned(), latency)
    }));
    let spent: [fn(&Spent) -> f64; 3] = [|spent| spent.service, |spent| spent.server, |spent| spent.client];
    row.extend(spent.map(|spent| match median(&|run| spent(&run.spent)) {
        nothing if nothing <= 0.0 => "-".to_owned(),
        micros => decimals(micros, 1),
    }));
    row
}
