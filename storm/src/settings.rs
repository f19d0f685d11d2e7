//! How large a storm is, and from what its choices follow.

use std::{env, str::FromStr, time::Duration};

use fastrand::Rng;

/// Which store the storm is let loose on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// One instance, with its scheduler inside, on a file.
    Sqlite,
    /// Several instances and schedulers on a PostgreSQL server of the storm's own.
    Postgres,
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            _ => Err(format!("{name} is no store: sqlite or postgres")),
        }
    }
}

/// What can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `STORM_STORE`.
    pub store: StoreKind,
    /// `STORM_OPERATIONS`: the fewest calls.
    pub operations: u64,
    /// `STORM_KILLS`: how often something is killed, spread over the calls.
    pub kills: u64,
    /// `STORM_INSTANCES`: how many instances, on PostgreSQL.
    pub instances: usize,
    /// `STORM_FANS`: how many fans.
    pub fans: u16,
    /// `STORM_SEED`: what all choices of the fans, the operator and the faults follow from.
    pub seed: u64,
    /// `STORM_DURABLE`: whether PostgreSQL's commits reach the disk.
    pub durable: bool,
}

/// How long seats are held.
pub const HOLD: Duration = Duration::from_secs(3);
/// How long a turn lasts.
pub const SESSION: Duration = Duration::from_secs(6);
/// How long a turn waits for its owner.
pub const CLAIM: Duration = Duration::from_secs(2);
/// The most unpaid seats of a schedule that somebody holds at a time.
pub const SEATS_AT_MOST: u32 = 4;
/// What a seat costs, in hundredths.
pub const PRICE: i64 = 10_050;

impl Settings {
    /// A storm of some seconds.
    #[must_use]
    pub fn short(store: StoreKind) -> Self {
        Self { store, operations: 3_000, kills: 10, instances: 3, fans: 32, seed: 20_261_121, durable: false }
    }

    /// A storm of a million calls and two hundred kills.
    #[must_use]
    pub fn long(store: StoreKind) -> Self {
        Self { operations: 1_000_000, kills: 200, fans: 96, durable: true, ..Self::short(store) }
    }

    /// These, unless the environment says otherwise.
    ///
    /// # Errors
    ///
    /// Which variable makes no sense.
    pub fn or_from_environment(self) -> Result<Self, String> {
        Ok(Self {
            store: variable("STORM_STORE", self.store)?,
            operations: variable("STORM_OPERATIONS", self.operations)?,
            kills: variable("STORM_KILLS", self.kills)?,
            instances: variable("STORM_INSTANCES", self.instances)?,
            fans: variable("STORM_FANS", self.fans)?,
            seed: variable("STORM_SEED", self.seed)?,
            durable: variable("STORM_DURABLE", self.durable)?,
        })
    }

    /// How many turns are live at a time: fewer than there are fans, so that some wait.
    #[must_use]
    pub fn max_active(&self) -> u16 {
        (self.fans * 3 / 4).max(1)
    }

    /// The instances that there are on this store.
    #[must_use]
    pub fn instances(&self) -> usize {
        match self.store {
            StoreKind::Sqlite => 1,
            StoreKind::Postgres => self.instances,
        }
    }

    /// The generator that the choices of one of those follow from who make any.
    #[must_use]
    pub fn generator_of(&self, who: u64) -> Rng {
        // Spread out, so that neighbours do not begin alike.
        Rng::with_seed(self.seed ^ (who + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

fn variable<T: FromStr>(name: &str, usual: T) -> Result<T, String> {
    match env::var(name) {
        Ok(text) => text.parse().map_err(|_| format!("{name}={text} makes no sense")),
        Err(_) => Ok(usual),
    }
}
