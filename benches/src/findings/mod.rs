//! What was found, before it is written down: a verdict for each target, and a work's tables and curves.

mod html;
mod markdown;
mod plots;
mod spread;

pub use html::html;
pub use markdown::markdown;
pub use spread::Spread;

use hdrhistogram::Histogram;

/// The percentiles that tables tell.
pub const PERCENTILES: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// All that was found in one run.
#[derive(Default)]
pub struct Findings {
    pub machine: String,
    pub verdicts: Vec<Verdict>,
    pub works: Vec<Work>,
}

/// What a figure has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A figure beside its limit, and beside what it has to reach.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub work: String,
    /// The service's figure, in words.
    pub figure: String,
    /// What it is compared with, in words; empty without a limit.
    pub limit: String,
    /// What is judged: the ratio to the limit, or the figure itself.
    pub value: Spread,
    /// The value's unit; none for a ratio.
    pub unit: &'static str,
    /// None where a value is told for what it is worth.
    pub target: Option<Target>,
}

/// One kind of work.
#[derive(Default)]
pub struct Work {
    pub title: String,
    /// What is done, to how much, and what it is compared with.
    pub about: String,
    pub tables: Vec<Table>,
    pub curves: Vec<Curve>,
}

pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Latencies by percentile.
#[derive(Clone)]
pub struct Curve {
    pub name: String,
    /// Quantiles with milliseconds.
    pub points: Vec<(f64, f64)>,
}

impl Target {
    pub fn is_kept_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    /// What has to be reached.
    pub fn bound(self) -> f64 {
        let (Self::AtLeast(bound) | Self::AtMost(bound)) = self;
        bound
    }
}

impl Verdict {
    pub fn is_kept(&self) -> bool {
        self.target.is_none_or(|target| target.is_kept_by(self.value.median))
    }
}

impl Findings {
    pub fn judge(&mut self, verdict: Verdict) {
        eprintln!("{}", markdown::verdict_row(&verdict).join(" | "));
        self.verdicts.push(verdict);
    }

    pub fn add(&mut self, work: Work) {
        self.works.push(work);
    }

    /// Those that have missed their target.
    pub fn missed(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.is_kept())
    }
}

impl Curve {
    /// The curve of latencies in microseconds, up to the percentile that the longest stands for.
    pub fn of(name: impl Into<String>, latencies: &Histogram<u64>) -> Self {
        let points = latencies
            .iter_quantiles(4)
            .map(|step| (step.quantile_iterated_to(), step.value_iterated_to() as f64 / 1e3))
            .filter(|(quantile, _)| *quantile < 1.0);
        Self { name: name.into(), points: points.collect() }
    }
}

/// A figure with so many decimals, and thousands apart.
pub fn decimals(figure: f64, decimals: usize) -> String {
    if !figure.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{:.decimals$}", figure.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let groups: Vec<_> = whole.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    let is_negative = figure < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit));
    format!("{}{}{fraction}", if is_negative { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_kept_up_to_its_bound() {
        let kept = [Target::AtLeast(2.0), Target::AtMost(2.0)]
            .map(|target| [1.9, 2.0, 2.1].map(|value| target.is_kept_by(value)));
        assert_eq!(kept, [[false, true, true], [true, true, false]]);
    }

    #[test]
    fn a_curve_has_the_percentiles_of_its_latencies() {
        let mut latencies = Histogram::new(3).unwrap();
        for micros in 1..=1_000 {
            latencies.record(micros * 1_000).unwrap();
        }
        let curve = Curve::of("all", &latencies);
        let (_, half) = curve.points.iter().find(|(quantile, _)| *quantile >= 0.5).unwrap();
        assert!((half - 500.0).abs() < 5.0, "expected about 500 ms, got {half}");
        assert!(curve.points.is_sorted_by(|one, next| one.0 <= next.0 && one.1 <= next.1));
    }

    #[test]
    fn thousands_are_told_apart() {
        let figures = [(0.0, 0), (999.4, 0), (1_234.56, 1), (-1_234_567.0, 0), (-0.1, 0), (f64::NAN, 0)];
        let told = figures.map(|(figure, places)| decimals(figure, places));
        assert_eq!(told, ["0", "999", "1,234.6", "-1,234,567", "0", "-"]);
    }
}
