//! `encore`: serves the API, and prepares its store.

use std::{io, process::ExitCode, thread};

use app::commands::{self, CommandError, ServeOptions};
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

/// What a request is made of is allocated on one thread and given back on another all the time. The system's own allocator
/// has locks for that, and whoever has to wait for one waits for as long as its holder is kept from a processor.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
#[command(name = "encore", about = "A concert reservation service with a fair waiting room", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API until SIGTERM
    Serve {
        /// Bring a PostgreSQL database's tables up to date first (SQLite's always are)
        #[arg(long)]
        migrate: bool,
        /// Fill an empty store with demo concerts and users first
        #[arg(long)]
        demo: bool,
    },
    /// Bring the store's tables up to date
    Migrate,
    /// Fill an empty store
    Seed {
        /// With demo concerts and users
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Look after the settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the OpenAPI document
    Openapi,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check the settings, and print them without their secrets
    Check,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let no_threads = |error| CommandError::Io("threads can not be started".to_owned(), error);
    match runtime().map_err(no_threads).and_then(|runtime| runtime.block_on(run(command))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("encore: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Threads for everything but the connections of clients, which are served by threads of their own, one for each
/// processor: half as many, so that work which hangs together stays together.
fn runtime() -> io::Result<Runtime> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads(processors.div_ceil(2)).enable_all().build()
}

#[expect(clippy::print_stdout, reason = "what these commands answer with goes to standard output")]
async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Serve { migrate, demo } => {
            commands::serve(commands::start()?, ServeOptions { migrate, demo }).await
        }
        Command::Migrate => commands::migrate(&commands::start()?).await,
        Command::Seed { demo: _ } => {
            let seeded = commands::seed_demo(&commands::start()?).await?;
            println!(
                "{}",
                if seeded { "seeded" } else { "the store has concerts already: nothing was added" }
            );
            Ok(())
        }
        Command::Config { command: ConfigCommand::Check } => {
            println!("{}", app::settings::Settings::read()?);
            Ok(())
        }
        Command::Openapi => {
            println!("{}", adapter_http::openapi_json());
            Ok(())
        }
    }
}
