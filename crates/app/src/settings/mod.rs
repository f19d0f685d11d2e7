//! The settings: defaults, then a file, then the environment.

mod errors;
mod layers;
mod values;

use std::{fmt, net::SocketAddr, time::Duration};

use adapter_credentials::TokenSecret;
use adapter_http::AdminKey;
use adapter_persistence::StoreAddress;
use domain::{reservation::HoldPolicy, waiting_room::RoomPolicy};

pub use self::errors::SettingsError;
use self::layers::Layers;

/// Who runs the scheduler's jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchedulerPlace {
    /// `encore serve` itself.
    Inside,
    /// `encore-scheduler`, or nobody.
    Outside,
}

/// How the service is to run. Everything in it has been checked.
#[derive(Clone)]
pub struct Settings {
    /// `DATABASE_URL`: which store.
    pub store: StoreAddress,
    /// `ENCORE_DATABASE_CONNECTIONS`: connections to a server, at most.
    pub database_connections: usize,
    /// `ENCORE_LISTEN`: the address and port that are served; port 0 picks a free one.
    pub listen: SocketAddr,
    /// `ENCORE_ADMIN_KEY`: switches the operator's paths on.
    pub admin_key: Option<AdminKey>,
    /// `ENCORE_TOKEN_SECRET`: signs tokens.
    pub token_secret: Option<TokenSecret>,
    /// `ENCORE_IDENTITY`: whether a gateway in front has authenticated the caller.
    pub trusted_identity: bool,
    /// `ENCORE_HOLD_SECONDS`: how long seats are held.
    pub hold: HoldPolicy,
    /// `ENCORE_QUEUE_...`: the waiting room's policy on the first start.
    pub room: RoomPolicy,
    /// `ENCORE_SCHEDULER`: who runs the jobs.
    pub scheduler: SchedulerPlace,
    /// `ENCORE_RATE_LIMITS`: whether anybody is told to come back later.
    pub rate_limits: bool,
    /// `ENCORE_LOG`: a filter of log lines.
    pub log: String,
    /// `ENCORE_SHUTDOWN_DELAY_SECONDS`: for how long after SIGTERM new connections are still taken.
    pub shutdown_delay: Duration,
    /// `ENCORE_WORKERS`: threads that serve requests.
    pub workers: usize,
    /// `ENCORE_REQUESTS_AT_MOST`: requests that may be under way at a time.
    pub requests_at_most: usize,
}

impl Settings {
    /// Reads the settings, from the file that `ENCORE_CONFIG` names (or `encore.toml`, if there is one) and
    /// from the environment, which wins.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], which names the setting that is wrong.
    pub fn read() -> Result<Self, SettingsError> {
        Self::from_layers(&Layers::read()?)
    }

    fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let store: StoreAddress = layers.parsed("database_url")?;
        let scheduler = match store {
            StoreAddress::Sqlite(_) => SchedulerPlace::Inside,
            StoreAddress::Postgres(_) => SchedulerPlace::Outside,
        };
        Ok(Self {
            store,
            database_connections: layers.count("database_connections", 1..=1_000)?,
            listen: layers.parsed("listen")?,
            admin_key: layers.admin_key()?,
            token_secret: layers.token_secret()?,
            trusted_identity: layers.one_of("identity", &[("password", false), ("trusted", true)])?,
            hold: HoldPolicy { hold_time: layers.seconds("hold_seconds")?, ..HoldPolicy::default() },
            room: layers.room_policy()?,
            scheduler: layers.scheduler()?.unwrap_or(scheduler),
            rate_limits: layers.one_of("rate_limits", &[("on", true), ("off", false)])?,
            log: layers.text("log")?.to_owned(),
            shutdown_delay: Duration::from_secs(layers.number("shutdown_delay_seconds", 0..=300)?),
            workers: layers.count("workers", 1..=1_024)?,
            requests_at_most: layers.count("requests_at_most", 1..=1_024)?,
        })
    }
}

impl fmt::Display for Settings {
    /// Writes the settings one a line, without any secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |given: bool| if given { "(given, not shown)" } else { "(none)" };
        match &self.store {
            StoreAddress::Sqlite(path) => writeln!(formatter, "DATABASE_URL = sqlite://{}", path.display())?,
            StoreAddress::Postgres(_) => writeln!(formatter, "DATABASE_URL = postgres://(not shown)")?,
        }
        writeln!(formatter, "ENCORE_DATABASE_CONNECTIONS = {}", self.database_connections)?;
        writeln!(formatter, "ENCORE_LISTEN = {}", self.listen)?;
        writeln!(formatter, "ENCORE_ADMIN_KEY = {}", given(self.admin_key.is_some()))?;
        writeln!(formatter, "ENCORE_TOKEN_SECRET = {}", given(self.token_secret.is_some()))?;
        writeln!(
            formatter,
            "ENCORE_IDENTITY = {}",
            if self.trusted_identity { "trusted" } else { "password" }
        )?;
        writeln!(formatter, "ENCORE_HOLD_SECONDS = {}", self.hold.hold_time.num_seconds())?;
        writeln!(formatter, "ENCORE_QUEUE_STRATEGY = {}", values::strategy_word(self.room.strategy))?;
        writeln!(formatter, "ENCORE_QUEUE_MAX_ACTIVE = {}", self.room.max_active.get())?;
        writeln!(formatter, "ENCORE_QUEUE_ADMIT_COUNT = {}", self.room.admit_count.get())?;
        writeln!(formatter, "ENCORE_QUEUE_INTERVAL_SECONDS = {}", self.room.interval.num_seconds())?;
        writeln!(formatter, "ENCORE_QUEUE_SESSION_SECONDS = {}", self.room.session.num_seconds())?;
        writeln!(formatter, "ENCORE_QUEUE_CLAIM_SECONDS = {}", self.room.claim.num_seconds())?;
        let inside = self.scheduler == SchedulerPlace::Inside;
        writeln!(formatter, "ENCORE_SCHEDULER = {}", if inside { "inside" } else { "outside" })?;
        writeln!(formatter, "ENCORE_RATE_LIMITS = {}", if self.rate_limits { "on" } else { "off" })?;
        writeln!(formatter, "ENCORE_LOG = {}", self.log)?;
        writeln!(formatter, "ENCORE_SHUTDOWN_DELAY_SECONDS = {}", self.shutdown_delay.as_secs())?;
        writeln!(formatter, "ENCORE_WORKERS = {}", self.workers)?;
        write!(formatter, "ENCORE_REQUESTS_AT_MOST = {}", self.requests_at_most)
    }
}

#[cfg(test)]
mod tests;
