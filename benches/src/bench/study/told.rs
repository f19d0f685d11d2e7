//! What is told of the ways that were tried.

use std::time::{Duration, Instant};

use encore_benches::{
    findings::{Findings, Spread, Table, Verdict, decimals},
    generator::{Asked, Attempts, Look, Tally, latencies},
    report::percentile,
};
use hdrhistogram::Histogram;

/// One storm.
pub(super) struct Run {
    pub(super) elapsed: Duration,
    /// How long each attempt took, in microseconds.
    latencies: Histogram<u64>,
    /// How often an attempt was begun again, where that can be seen.
    retries: Option<u64>,
    /// How many were told that somebody else was at it.
    busy: u64,
    /// How long each listing took meanwhile, in milliseconds.
    listings: Vec<f64>,
}

/// All that counts of one way.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) runs: Vec<Run>,
}

impl Run {
    /// Storms that follow each other are one run.
    pub(super) fn of(storms: &[Attempts], listings: &[Asked]) -> Self {
        let mut latencies = latencies();
        for storm in storms {
            latencies.add(&storm.latencies).expect("all have the same bounds");
        }
        let listings = storms.iter().flat_map(|storm| during(listings, storm.began, storm.elapsed));
        Self {
            elapsed: storms.iter().map(|storm| storm.elapsed).sum(),
            latencies,
            retries: Some(storms.iter().map(|storm| storm.retries).sum()),
            busy: storms.iter().map(|storm| storm.busy).sum(),
            listings: milliseconds(listings),
        }
    }

    pub(super) fn over_http(tally: &Tally, listings: &[Look]) -> Self {
        Self {
            elapsed: tally.elapsed,
            latencies: tally.latencies.clone(),
            retries: None,
            busy: 0,
            listings: milliseconds(during(listings, tally.began, tally.elapsed)),
        }
    }

    fn a_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

impl Way {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, runs: Vec::new() }
    }

    /// The median of its rounds.
    pub(super) fn a_second(&self) -> f64 {
        Spread::of(self.runs.iter().map(Run::a_second)).median
    }

    fn latencies(&self) -> Histogram<u64> {
        let mut all = latencies();
        for run in &self.runs {
            all.add(&run.latencies).expect("all have the same bounds");
        }
        all
    }

    fn row(&self) -> Vec<String> {
        let whole = Spread::of(self.runs.iter().map(|run| run.elapsed.as_secs_f64() * 1e3));
        let [least, most] = [whole.least, whole.most].map(|figure| decimals(figure, 0));
        let median = |figure: fn(&Run) -> f64| decimals(Spread::of(self.runs.iter().map(figure)).median, 0);
        let mut row = vec![
            self.name.to_owned(),
            format!("**{}** ({least} to {most})", decimals(whole.median, 0)),
            decimals(self.a_second(), 0),
        ];
        let latencies = self.latencies();
        row.extend([0.5, 0.99].map(|share| decimals(latencies.value_at_quantile(share) as f64 / 1e3, 2)));
        row.push(median(|run| run.retries.map_or(f64::NAN, |retries| retries as f64)));
        row.push(median(|run| run.busy as f64));
        row.extend(shares(self.runs.iter().flat_map(|run| &run.listings)));
        row
    }
}

fn during<T>(asked: &[Asked<T>], began: Instant, elapsed: Duration) -> impl Iterator<Item = &Asked<T>> {
    let during = began..began + elapsed;
    asked.iter().filter(move |asked| during.contains(&asked.due))
}

pub(super) fn milliseconds<'a, T: 'a>(asked: impl IntoIterator<Item = &'a Asked<T>>) -> Vec<f64> {
    asked.into_iter().map(|asked| asked.took().as_secs_f64() * 1e3).collect()
}

/// The columns that every table has; the others are about seats.
const COLUMNS: usize = 6;

/// A row for each way, and one for listings when nothing else happens, where there are any.
pub(super) fn table(ways: &[Way], idle: &[f64]) -> Table {
    let head = [
        "",
        "all attempts, ms (least to most)",
        "attempts a second",
        "an attempt, p50, ms",
        "an attempt, p99, ms",
        "begun again",
        "told \"busy\"",
        "a listing meanwhile, p50, ms",
        "a listing meanwhile, p95, ms",
    ];
    let mut table =
        Table { head: head.map(str::to_owned).to_vec(), rows: ways.iter().map(Way::row).collect() };
    if idle.is_empty() {
        table.rows.iter_mut().chain([&mut table.head]).for_each(|row| row.truncate(COLUMNS));
        return table;
    }
    let mut row = vec!["nothing else happens".to_owned()];
    row.extend(["-"; COLUMNS].map(str::to_owned));
    row.extend(shares(idle));
    table.rows.push(row);
    table
}

/// Tells one way beside another.
pub(super) fn compare(findings: &mut Findings, title: &str, way: &Way, other: &Way) {
    let ratios = way.runs.iter().zip(&other.runs).map(|(one, other)| one.a_second() / other.a_second());
    findings.judge(Verdict {
        work: format!("{title}: {} beside {}", way.name, other.name),
        figure: format!("{}/s", decimals(way.a_second(), 0)),
        limit: format!("{}: {}/s", other.name, decimals(other.a_second(), 0)),
        value: Spread::of(ratios),
        unit: "",
        target: None,
    });
}

/// Half of them, and nearly all, are no longer than that.
fn shares<'a>(listings: impl IntoIterator<Item = &'a f64>) -> [String; 2] {
    let mut took: Vec<f64> = listings.into_iter().copied().collect();
    [0.5, 0.95].map(|share| decimals(percentile(&mut took, share), 2))
}
