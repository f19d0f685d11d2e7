//! What goes wrong: instances, schedulers and the store are killed again and again, and one instance's clock is wrong.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

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
    /// The library that shows a process another time.
    faketime: Option<PathBuf>,
    is_ahead: bool,
    /// Dropped last: the others use it.
    server: Option<PostgresServer>,
}

impl Processes {
    /// Starts instances and schedulers.
    pub async fn start(settings: Settings, database_url: String, server: Option<PostgresServer>) -> Self {
        let faketime = server.is_some().then(find_faketime);
        let mut processes = Self {
            database_url,
            settings,
            instances: vec![],
            schedulers: vec![],
            faketime,
            is_ahead: false,
            server,
        };
        for number in 0..processes.settings.instances() {
            let instance = processes.start_instance(number).await;
            processes.instances.push(instance);
        }
        if processes.settings.store == StoreKind::Postgres {
            processes.schedulers = (0..SCHEDULERS).map(|_| processes.start_scheduler()).collect();
        }
        processes
    }

    /// Whether an instance's clock is wrong.
    #[must_use]
    pub fn is_skewed(&self) -> bool {
        self.faketime.is_some()
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
        if let Some(library) = self.faketime.as_ref().filter(|_| number == SKEWED) {
            self.is_ahead = !self.is_ahead;
            variables.extend([
                ("LD_PRELOAD", library.display().to_string()),
                ("FAKETIME", if self.is_ahead { "+600s" } else { "-600s" }.to_owned()),
                ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ]);
        }
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Instance::start(&self.database_url, &variables).await
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

/// Where `scripts/ensure-faketime` finds it, too.
fn find_faketime() -> PathBuf {
    let folders =
        fs::read_dir("/usr/lib").into_iter().flatten().filter_map(|folder| Some(folder.ok()?.path()));
    let others = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let found = folders.chain(others).map(|folder| folder.join("faketime/libfaketime.so.1"));
    found
        .into_iter()
        .find(|path| path.is_file())
        .expect("libfaketime is installed: run scripts/ensure-faketime")
}
