//! `encore-scheduler`: tidies up beside any number of `encore serve` on one PostgreSQL database.

use std::process::ExitCode;

use app::commands;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("encore-scheduler: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), commands::CommandError> {
    commands::run_scheduler(commands::start()?).await
}
