//! How the service does beside the limits of what it is built on: `make bench`.
//!
//! Starts stores, instances of the shipped executable and the limits by itself, measures both in turn, and writes what
//! was found as Markdown and as a page. Ends with 1 when a target was missed.

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

mod charges;
mod contest;
mod fans;
mod holds;
mod joins;
mod limit;
mod listing;
mod memory;
mod pays;
mod poll;
mod rounds;
mod scene;
mod size;
mod spent;
mod storm;
mod study;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Parser, ValueEnum};
use encore_benches::{
    findings::{Findings, html, markdown},
    room::Kind,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::contest::OPEN_LOOPS;

/// What a process ends with that was told to.
const TERMINATED: i32 = 143;

/// What is measured, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Work {
    Poll,
    Listing,
    Storm,
    Joins,
    Holds,
    Charges,
    Pays,
    Fans,
    Memory,
    Size,
    Study,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StoreName {
    Sqlite,
    Postgres,
}

/// Measures the service beside its limits.
#[derive(Parser)]
struct Options {
    /// What to measure; all of it by default.
    works: Vec<Work>,
    /// The only store to measure on.
    #[arg(long)]
    store: Option<StoreName>,
    /// How often each is measured.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The folder into which the reports are written.
    #[arg(long, default_value = "target/bench")]
    reports: PathBuf,
}

/// What every work is told, and where it puts what it has found.
struct Bench {
    rounds: usize,
    stores: Vec<Kind>,
    findings: Findings,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let options = Options::parse();
    let works = if options.works.is_empty() { Work::value_variants() } else { &options.works };
    let stores = Kind::ALL.into_iter().filter(|kind| match options.store {
        Some(StoreName::Sqlite) => *kind == Kind::Sqlite,
        Some(StoreName::Postgres) => *kind == Kind::Postgres,
        None => true,
    });
    let findings = Findings { machine: machine(options.rounds), ..Findings::default() };
    let mut bench = Bench { rounds: options.rounds.max(1), stores: stores.collect(), findings };
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
    // What was started goes with the future in which it was: nothing is left behind when this process is to end.
    tokio::select! {
        () = measure(&mut bench, works, &options.reports) => {}
        _ = terminate.recv() => std::process::exit(TERMINATED),
    }
    eprintln!("the reports are in {}", options.reports.display());
    if bench.findings.missed().next().is_some() {
        std::process::exit(1);
    }
}

async fn measure(bench: &mut Bench, works: &[Work], reports: &Path) {
    for work in works {
        match work {
            Work::Poll => poll::measure(bench).await,
            Work::Listing => listing::measure(bench).await,
            Work::Joins => joins::measure(bench).await,
            Work::Pays => pays::measure(bench).await,
            Work::Fans => fans::measure(bench).await,
            Work::Memory => memory::measure(bench).await,
            Work::Size => size::measure(bench).await,
            Work::Study => study::measure(bench).await,
            Work::Storm => storm::measure(bench).await,
            Work::Holds => holds::measure(bench).await,
            Work::Charges => charges::measure(bench).await,
        }
        // What was found so far is not lost with what comes after it.
        write_reports(reports, &bench.findings);
    }
}

fn write_reports(folder: &Path, findings: &Findings) {
    fs::create_dir_all(folder).expect("the folder for the reports can be made");
    for (name, text) in [("report.md", markdown(findings)), ("report.html", html(findings))] {
        fs::write(folder.join(name), text).expect("the reports can be written");
    }
}

fn machine(rounds: usize) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, shared by the service, its store, the limits and the clients; one instance with two threads; \
         commits are durable on both stores. The service and its limit are measured in turn within a round, {rounds} \
         rounds after one that does not count; a ratio is the median of the rounds' ratios, and so is a percentile. \
         The service alone is asked at a fixed rate, half of its own, {OPEN_LOOPS} times in the end. Ratios hold, \
         absolute figures are this machine's."
    )
}
