//! How the waiting room does with a million people in it: `make bench-room`; and how the service does with more
//! load than the machine can serve: `make bench-overload`.
//!
//! Starts the shipped executable on stores of its own, asks it over HTTP from this process, and writes a report in
//! Markdown to standard output. Names of sections as arguments leave the others out. Ends with 1 when a promise was
//! not kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark that can not go on says why and ends; its figures are rounded anyhow"
)]

mod sections;

use std::io::Write;

use encore_benches::report::Report;

const SECTIONS: &[&str] = &["size", "slots", "absent", "streams"];
/// Measured only when it is named.
const OVERLOAD: &str = "overload";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !SECTIONS.contains(&name.as_str()) && *name != OVERLOAD)
    {
        eprintln!("there is no section {unknown}, only {}", SECTIONS.join(", "));
        std::process::exit(2);
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let mut report = Report::default();
    report.text(&machine());
    if is_wanted("size") {
        sections::size::measure(&mut report).await;
    }
    if is_wanted("slots") {
        sections::slots::measure(&mut report).await;
    }
    if is_wanted("absent") {
        sections::absent::measure(&mut report).await;
    }
    if is_wanted("streams") {
        sections::streams::measure(&mut report).await;
    }
    if wanted.iter().any(|wanted| wanted == OVERLOAD) {
        sections::overload::measure(&mut report).await;
    }
    std::io::stdout().write_all(report.to_string().as_bytes()).unwrap();
    if report.has_missed() {
        std::process::exit(1);
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, shared by the service, its store, and the clients; one instance with two threads unless \
         said otherwise; commits are durable on both stores (`fsync` on). Where rounds are told, what is compared \
         runs side by side and is measured in turn, and the figure is the median of the rounds: ratios hold, \
         absolute figures are this machine's.\n"
    )
}
