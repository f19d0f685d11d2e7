//! `make storm`.

#![allow(clippy::print_stdout, reason = "the summary goes to standard output")]

use storm::{run::run, settings::{Settings, StoreKind}, summary::summary};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let settings = Settings::long(StoreKind::Sqlite).or_from_environment().unwrap();
    let outcome = run(settings).await;
    println!("{}", summary(&outcome));
    std::process::exit(i32::from(!outcome.violations.is_empty()));
}
