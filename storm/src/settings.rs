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
#[derive(Clone, Debug)]
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
    /// `STORM_LOG`: the `ENCORE_LOG` of the instances and schedulers.
    pub log: String,
}

/// With fewer there is nobody else whose things a fan could reach for.
const FANS_AT_LEAST: u16 = 2;
/// As many as are told apart where calls are noted.
const INSTANCES_AT_MOST: usize = 255;

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
        Self {
            store,
            operations: 3_000,
            kills: 10,
            instances: 3,
            fans: 32,
            seed: 20_261_121,
            durable: false,
            log: "off".to_owned(),
        }
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
    /// Which variable makes no sense, or asks for what there can not be.
    pub fn or_from_environment(self) -> Result<Self, String> {
        self.or_from(|name| env::var(name).ok())
    }

    fn or_from(self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let settings = Self {
            store: parsed(&variable, "STORM_STORE", self.store)?,
            operations: parsed(&variable, "STORM_OPERATIONS", self.operations)?,
            kills: parsed(&variable, "STORM_KILLS", self.kills)?,
            instances: parsed(&variable, "STORM_INSTANCES", self.instances)?,
            fans: parsed(&variable, "STORM_FANS", self.fans)?,
            seed: parsed(&variable, "STORM_SEED", self.seed)?,
            durable: parsed(&variable, "STORM_DURABLE", self.durable)?,
            log: parsed(&variable, "STORM_LOG", self.log)?,
        };
        if settings.fans < FANS_AT_LEAST {
            let fans = settings.fans;
            return Err(format!("STORM_FANS={fans} is too few: a storm takes {FANS_AT_LEAST} fans or more"));
        }
        if !(1..=INSTANCES_AT_MOST).contains(&settings.instances) {
            let instances = settings.instances;
            return Err(format!(
                "STORM_INSTANCES={instances} can not be: a storm takes 1 to {INSTANCES_AT_MOST}"
            ));
        }
        Ok(settings)
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

fn parsed<T: FromStr>(variable: impl Fn(&str) -> Option<String>, name: &str, usual: T) -> Result<T, String> {
    match variable(name) {
        Some(text) => text.parse().map_err(|_| format!("{name}={text} makes no sense")),
        None => Ok(usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Result<Settings, String> {
        Settings::short(StoreKind::Postgres).or_from(|asked| (asked == name).then(|| text.to_owned()))
    }

    #[test]
    fn the_environment_chooses() {
        assert_eq!(with("STORM_FANS", "2").unwrap().fans, 2);
        assert_eq!(with("STORM_INSTANCES", "1").unwrap().instances, 1);
        assert_eq!(with("STORM_LOG", "info").unwrap().log, "info");
        assert_eq!(with("STORM_STORE", "sqlite").unwrap().store, StoreKind::Sqlite);
    }

    #[test]
    fn what_there_can_not_be_is_refused_by_its_name() {
        for (name, text) in [
            ("STORM_FANS", "0"),
            ("STORM_FANS", "1"),
            ("STORM_FANS", "65536"),
            ("STORM_INSTANCES", "0"),
            ("STORM_INSTANCES", "256"),
            ("STORM_STORE", "oracle"),
            ("STORM_DURABLE", "perhaps"),
        ] {
            let refused = with(name, text).expect_err("it is refused");
            assert!(refused.starts_with(&format!("{name}={text} ")), "{refused}");
        }
    }
}
