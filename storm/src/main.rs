//! `make storm`: a million calls and two hundred kills on each store, unless `STORM_...` says otherwise.

#![allow(clippy::print_stdout, reason = "the summary goes to standard output")]

use std::process::ExitCode;

use storm::{
    run::run,
    settings::{Settings, StoreKind},
    summary::summary,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let settings = match Settings::long(StoreKind::Sqlite).or_from_environment() {
        Ok(settings) => settings,
        Err(reason) => {
            eprintln!("storm: {reason}");
            return ExitCode::from(2);
        }
    };
    eprintln!("storm: {settings:?}");
    let outcome = run(settings).await;
    println!("{}", summary(&outcome));
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
