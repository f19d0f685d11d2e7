//! What goes wrong: instances, schedulers and the store are killed again and again, and one instance's clock is wrong.

use std::{process::Stdio, time::Duration};

use encore_processes::{
    instance::{Instance, command},
    postgres_server::PostgresServer,
};
use fastrand::Rng;
use tokio::{process::Child, time::sleep};

use crate::{
    history::Moment,
    settings::{CLAIM, HOLD, SESSION, Settings, StoreKind},
    stage::Stage,
    wire::gates::Gates,
    wrong_clock::WrongClock,
};

/// How many schedulers run, on PostgreSQL.
const SCHEDULERS: usize = 2;
/// Which instance's clock is wrong.
const SKEWED: usize = 0;
/// What is killed in turn, on PostgreSQL: a store that is away for seconds leaves little time for anything else.
const IN_TURN: &[Victim] = {
    use Victim::{Instance as I, Scheduler as S, Store as D};
    &[I, S, I, D, I, I, S, I, I, I, I, S, D, I, I, I, S, I, D, I]
};

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Instance,
    Scheduler,
    Store,
}

/// How often what was killed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kills {
    /// Instances.
    pub instances: u64,
    /// Schedulers.
    pub schedulers: u64,
    /// The PostgreSQL server.
    pub stores: u64,
}

impl Kills {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.instances + self.schedulers + self.stores
    }
}

/// The processes that a storm is let loose on.
pub struct Processes {
    database_url: String,
    settings: Settings,
    instances: Vec<Instance>,
    schedulers: Vec<Child>,
    wrong_clock: Option<WrongClock>,
    /// Dropped last: the others use it.
    server: Option<PostgresServer>,
}

impl Processes {
    /// Starts instances and schedulers.
    pub async fn start(settings: Settings, database_url: String, server: Option<PostgresServer>) -> Self {
        let wrong_clock = server.is_some().then(WrongClock::find);
        let mut processes =
            Self { database_url, settings, instances: vec![], schedulers: vec![], wrong_clock, server };
        for number in 0..processes.settings.instances() {
            let instance = processes.start_instance(number).await;
            processes.instances.push(instance);
        }
        if processes.settings.store == StoreKind::Postgres {
            processes.schedulers = (0..SCHEDULERS).map(|_| processes.start_scheduler()).collect();
        }
        processes
    }

    /// By how many seconds the clock of one instance was seen to be wrong, after each of its starts; nothing where no
    /// clock is wrong.
    #[must_use]
    pub fn skews(&self) -> Vec<i64> {
        self.wrong_clock.as_ref().map(|clock| clock.seen().to_vec()).unwrap_or_default()
    }

    /// Tells where the instances are.
    pub fn open_all(&self, gates: &Gates) {
        for (number, instance) in self.instances.iter().enumerate() {
            gates.set(number, Some(address_of(instance)));
        }
    }

    /// The store's address.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    async fn start_instance(&mut self, number: usize) -> Instance {
        let mut variables = variables(&self.settings);
        let mut wrong_clock = self.wrong_clock.as_mut().filter(|_| number == SKEWED);
        if let Some(clock) = &mut wrong_clock {
            variables.extend(clock.next_variables());
        }
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let instance = Instance::start(&self.database_url, &variables).await;
        if let Some(clock) = wrong_clock {
            clock.look_at(address_of(&instance)).await;
        }
        instance
    }

    fn start_scheduler(&self) -> Child {
        let variables = variables(&self.settings);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut command = command("encore-scheduler", &self.database_url, &variables);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a scheduler can be started")
    }

    /// Kills one or the other, spread over the storm's calls, until that was done often enough; tells how often, and
    /// when the store was away.
    pub async fn suffer(&mut self, stage: &Stage) -> (Kills, Vec<(Moment, Moment)>) {
        let mut rng = self.settings.generator_of(u64::from(self.settings.fans) + 1);
        let (mut kills, mut outages) = (Kills::default(), vec![]);
        while kills.total() < self.settings.kills {
            let due = kills.total() * self.settings.operations / (self.settings.kills + 1);
            if stage.calls() <= due {
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            match self.next_victim(kills) {
                Victim::Store => {
                    outages.push(self.kill_the_store(stage, &mut rng).await);
                    kills.stores += 1;
                }
                Victim::Scheduler => {
                    self.kill_a_scheduler(&mut rng).await;
                    kills.schedulers += 1;
                }
                Victim::Instance => {
                    self.kill_an_instance(stage, &mut rng).await;
                    kills.instances += 1;
                }
            }
        }
        (kills, outages)
    }

    fn next_victim(&self, kills: Kills) -> Victim {
        let place = usize::try_from(kills.total()).unwrap_or(0) % IN_TURN.len();
        if self.settings.store == StoreKind::Sqlite { Victim::Instance } else { IN_TURN[place] }
    }

    async fn kill_an_instance(&mut self, stage: &Stage, rng: &mut Rng) {
        let number = rng.usize(..self.instances.len());
        stage.wires.gates.set(number, None);
        self.instances[number].kill_at_once().await;
        sleep(Duration::from_millis(rng.u64(..200))).await;
        let instance = self.start_instance(number).await;
        stage.wires.gates.set(number, Some(address_of(&instance)));
        self.instances[number] = instance;
    }

    async fn kill_a_scheduler(&mut self, rng: &mut Rng) {
        let number = rng.usize(..self.schedulers.len());
        self.schedulers[number].kill().await.expect("a scheduler runs until it is killed");
        sleep(Duration::from_millis(rng.u64(..500))).await;
        self.schedulers[number] = self.start_scheduler();
    }

    /// Kills the whole server; mostly it is back at once, sometimes only after seconds.
    async fn kill_the_store(&mut self, stage: &Stage, rng: &mut Rng) -> (Moment, Moment) {
        let away = if rng.u8(..6) == 0 { rng.u64(1_000..4_000) } else { rng.u64(..200) };
        let began = stage.wires.clock.now();
        let server = self.server.as_mut().expect("there is a server");
        server.kill().await;
        sleep(Duration::from_millis(away)).await;
        server.start_again().await;
        (began, stage.wires.clock.now())
    }

    /// Ends what changes the store; the server goes on.
    pub async fn stop(&mut self) {
        for scheduler in &mut self.schedulers {
            scheduler.kill().await.expect("a scheduler runs until it is killed");
        }
        for instance in &mut self.instances {
            instance.ask_to_stop().await;
        }
        for instance in &mut self.instances {
            assert_eq!(instance.wait().await, Some(0), "an instance that is asked to stop exits with 0");
        }
    }
}

fn address_of(instance: &Instance) -> std::net::SocketAddr {
    let address = instance.url.strip_prefix("http://").expect("an instance tells its address");
    address.parse().expect("an instance tells its address")
}

fn variables(settings: &Settings) -> Vec<(&'static str, String)> {
    vec![
        ("ENCORE_HOLD_SECONDS", HOLD.as_secs().to_string()),
        ("ENCORE_QUEUE_STRATEGY", "MAX_ACTIVE".to_owned()),
        ("ENCORE_QUEUE_MAX_ACTIVE", settings.max_active().to_string()),
        ("ENCORE_QUEUE_SESSION_SECONDS", SESSION.as_secs().to_string()),
        ("ENCORE_QUEUE_CLAIM_SECONDS", CLAIM.as_secs().to_string()),
        ("ENCORE_RATE_LIMITS", "off".to_owned()),
        ("ENCORE_LOG", settings.log.clone()),
    ]
}
