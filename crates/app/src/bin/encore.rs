//! `encore`: serves the API, and prepares its store.

use std::process::ExitCode;

use app::commands::{self, CommandError, ServeOptions};
use clap::{Parser, Subcommand};

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

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("encore: {error}");
            ExitCode::FAILURE
        }
    }
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
