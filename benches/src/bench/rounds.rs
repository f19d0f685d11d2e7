//! What came of a contest.

use encore_benches::findings::{
    Curve, Findings, PERCENTILES, Spread, Table, Target, Verdict, Work, decimals,
};
use hdrhistogram::Histogram;

use crate::{contest::Run, spent::Spent};

/// All that counts of a contest.
#[derive(Default)]
pub(crate) struct Rounds {
    pub(crate) service: Vec<Run>,
    pub(crate) limit: Vec<Run>,
    /// The rate of the open loops, and the latencies of each.
    pub(crate) open_loops: Option<(f64, Vec<Histogram<u64>>)>,
}

impl Rounds {
    /// Files all of it: the verdict on the ratio of the rates, the table and the curves.
    pub(crate) fn file(
        &self,
        findings: &mut Findings,
        title: &str,
        about: String,
        limit: &str,
        target: Option<Target>,
    ) {
        findings.judge(self.verdict(title, limit, target));
        let (tables, curves) = (vec![self.table(limit)], self.curves(limit));
        findings.add(Work { title: title.to_owned(), about, tables, curves });
    }

    /// The verdict on the ratio of the rates.
    pub(crate) fn verdict(&self, work: &str, limit: &str, target: Option<Target>) -> Verdict {
        let ratios = self.service.iter().zip(&self.limit).map(|(ours, limit)| ours.a_second / limit.a_second);
        Verdict {
            work: work.to_owned(),
            figure: format!("{}/s", decimals(self.service_rate(), 0)),
            limit: format!("{limit}: {}/s", decimals(rate(&self.limit), 0)),
            value: Spread::of(ratios),
            unit: "",
            target,
        }
    }

    /// The verdict on a percentile of the service's latencies.
    pub(crate) fn latency(&self, work: &str, (name, quantile): (&str, f64), at_most: f64) -> Verdict {
        let value = Spread::of(latencies(&self.service).map(|latencies| milliseconds(latencies, quantile)));
        Verdict {
            work: format!("{work}: {name}"),
            figure: format!("{} ms", decimals(value.median, 1)),
            limit: String::new(),
            value,
            unit: "ms",
            target: Some(Target::AtMost(at_most)),
        }
    }

    /// The median of the service's rates.
    pub(crate) fn service_rate(&self) -> f64 {
        rate(&self.service)
    }

    /// Rates, percentiles and computing of both.
    pub(crate) fn table(&self, limit: &str) -> Table {
        let mut head = vec![String::new(), "a second".to_owned()];
        head.extend(PERCENTILES.iter().map(|(name, _)| format!("{name}, ms")));
        head.extend(["service", "store's server", "client"].map(|who| format!("computing, {who}, µs each")));
        let mut rows = vec![row("the service", &self.service), row(limit, &self.limit)];
        rows.extend(self.open_loops.as_ref().map(|(a_second, latencies)| {
            let mut row = vec!["the service, at a fixed rate".to_owned(), decimals(*a_second, 0)];
            row.extend(percentiles(latencies));
            row.extend(["-"; 3].map(str::to_owned));
            row
        }));
        Table { head, rows }
    }

    /// The latencies of all rounds, of whoever has told them.
    pub(crate) fn curves(&self, limit: &str) -> Vec<Curve> {
        let curve = |name: &str, latencies: &Histogram<u64>| Curve::of(name, latencies);
        let open = self.open_loops.as_ref().and_then(|(rate, latencies)| {
            Some(curve(&format!("the service, at {} a second", decimals(*rate, 0)), &all_of(latencies)?))
        });
        let closed = [("the service", &self.service), (limit, &self.limit)];
        let closed =
            closed.into_iter().filter_map(|(name, runs)| Some(curve(name, &all_of(latencies(runs))?)));
        closed.chain(open).collect()
    }
}

fn rate(runs: &[Run]) -> f64 {
    Spread::of(runs.iter().map(|run| run.a_second)).median
}

fn milliseconds(latencies: &Histogram<u64>, quantile: f64) -> f64 {
    latencies.value_at_quantile(quantile) as f64 / 1e3
}

fn latencies(runs: &[Run]) -> impl Iterator<Item = &Histogram<u64>> + Clone {
    runs.iter().filter_map(|run| run.latencies.as_ref())
}

/// The medians of what each has told.
fn percentiles<'a>(
    latencies: impl IntoIterator<Item = &'a Histogram<u64>, IntoIter: Clone>,
) -> impl Iterator<Item = String> {
    let told = latencies.into_iter();
    PERCENTILES.iter().map(move |(_, quantile)| {
        if told.clone().next().is_none() {
            return "-".to_owned();
        }
        let of_each = told.clone().map(|latencies| milliseconds(latencies, *quantile));
        decimals(Spread::of(of_each).median, 2)
    })
}

fn all_of<'a>(latencies: impl IntoIterator<Item = &'a Histogram<u64>>) -> Option<Histogram<u64>> {
    let mut told = latencies.into_iter();
    let mut all = told.next()?.clone();
    for latencies in told {
        all.add(latencies).expect("all have the same bounds");
    }
    Some(all)
}

fn row(name: &str, runs: &[Run]) -> Vec<String> {
    let mut row = vec![name.to_owned(), decimals(rate(runs), 0)];
    row.extend(percentiles(latencies(runs)));
    let spent: [fn(&Spent) -> f64; 3] = [|spent| spent.service, |spent| spent.server, |spent| spent.client];
    row.extend(spent.map(|spent| match Spread::of(runs.iter().map(|run| spent(&run.spent))).median {
        nothing if nothing <= 0.0 => "-".to_owned(),
        micros => decimals(micros, 1),
    }));
    row
}
