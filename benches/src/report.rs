//! The report, and the numbers in it.

use std::fmt::{self, Display};

/// Markdown, as it grows.
#[derive(Default)]
pub struct Report {
    written: String,
    has_missed: bool,
}

impl Report {
    pub fn heading(&mut self, heading: &str) {
        eprintln!("== {heading}");
        self.written.extend(["\n## ", heading, "\n\n"]);
    }

    pub fn text(&mut self, text: &str) {
        eprintln!("{text}");
        self.written.push_str(text);
        self.written.push('\n');
    }

    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut table = line(head.iter().map(ToString::to_string).collect());
        table.push_str(&line(head.iter().map(|_| "---".to_owned()).collect()));
        table.extend(rows.iter().cloned().map(line));
        self.text(&table);
    }

    /// Whether a promise was kept.
    pub fn verdict(&mut self, promise: &str, is_kept: bool) {
        self.has_missed |= !is_kept;
        self.text(&format!("**{}**: {promise}\n", if is_kept { "Kept" } else { "Missed" }));
    }

    /// Whether a promise was not kept.
    pub fn has_missed(&self) -> bool {
        self.has_missed
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    percentile(&mut figures.into_iter().collect::<Vec<_>>(), 0.5)
}

/// The figure that so large a share of them do not exceed; sorts them.
pub fn percentile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * share).ceil() as usize;
    figures.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

pub fn decimals(figure: f64, decimals: usize) -> String {
    format!("{figure:.decimals$}")
}
