//! The service as it ships: the executable, as a child process of the test.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::databases::Database;

/// How many instances share a PostgreSQL database.
pub const INSTANCES: usize = 3;
/// The operator's key of every instance under test.
pub const ADMIN_KEY: &str = "operator-key-of-the-tests";
/// What every instance under test signs its tokens with.
pub const TOKEN_SECRET: &str = "a secret of the tests, long enough to sign with";

/// An instance: `encore serve`, killed and waited for when dropped.
pub struct Instance {
    pub url: String,
    child: Child,
}

/// A store and the instances on it.
pub struct Service {
    instances: Vec<Instance>,
    next: AtomicUsize,
    // Dropped last: the instances use it.
    pub database: Database,
}

/// One instance on SQLite, with its scheduler inside.
pub async fn sqlite() -> Service {
    Service::start(Database::sqlite().await, 1, &[]).await
}

/// Three instances on PostgreSQL, among which requests are spread. No scheduler runs.
pub async fn postgres() -> Service {
    Service::start(Database::postgres().await, INSTANCES, &[]).await
}

impl Service {
    /// Starts instances on a store, with settings beside those that every test has.
    pub async fn start(database: Database, instances: usize, settings: &[(&str, &str)]) -> Self {
        let url = database.url();
        let starting = (0..instances).map(|_| Instance::start(&url, settings));
        let instances = futures_util::future::join_all(starting).await;
        Self { instances, next: AtomicUsize::new(0), database }
    }

    /// The same stores' service with other settings, for a test that has to say how.
    pub async fn restarted_with(self, settings: &[(&str, &str)]) -> Self {
        let count = self.instances.len();
        Self::start(self.into_database().await, count, settings).await
    }

    /// The store alone, once its instances have been killed.
    pub async fn into_database(self) -> Database {
        let Self { instances, database, .. } = self;
        for instance in instances {
            instance.kill().await;
        }
        database
    }

    /// The address of the instance whose turn it is.
    pub fn url(&self) -> &str {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        &self.instances[next % self.instances.len()].url
    }

    /// The addresses of all instances.
    pub fn urls(&self) -> Vec<&str> {
        self.instances.iter().map(|instance| instance.url.as_str()).collect()
    }

    pub fn instances(&mut self) -> &mut Vec<Instance> {
        &mut self.instances
    }
}

impl Instance {
    /// Starts `encore serve` and waits until it serves.
    pub async fn start(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let mut child = command("encore", database_url, settings)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the executable can be started");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = tokio::time::timeout(Duration::from_mins(1), async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return url.to_owned();
                }
            }
            panic!("encore serve ended before it served");
        })
        .await
        .expect("encore serve serves within a minute");
        // Goes on reading, so that the instance never waits for somebody to.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child }
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the instance runs")
    }

    /// Ends the instance as `kill -9` does, and waits for it.
    pub async fn kill(mut self) {
        self.kill_at_once().await;
    }

    /// Does so to an instance in whose place another will be started.
    pub async fn kill_at_once(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends SIGTERM.
    pub async fn ask_to_stop(&self) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }

    /// Waits for the instance to end; tells its exit code.
    pub async fn wait(&mut self) -> Option<i32> {
        self.child.wait().await.unwrap().code()
    }
}

/// One of the executables, with the settings that every test has.
pub fn command(executable: &str, database_url: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(path_of(executable));
    command
        .env_clear()
        .env("DATABASE_URL", database_url)
        .env("ENCORE_LISTEN", "127.0.0.1:0")
        .env("ENCORE_ADMIN_KEY", ADMIN_KEY)
        .env("ENCORE_TOKEN_SECRET", TOKEN_SECRET)
        .env("ENCORE_IDENTITY", "trusted")
        .env("ENCORE_LOG", "error")
        .env("ENCORE_WORKERS", "2")
        // The tests ask without a pause; those of the limits switch them on.
        .env("ENCORE_RATE_LIMITS", "off")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Where cargo has put an executable: beside this one, or, where this is a test, beside its folder.
fn path_of(executable: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let found = this.ancestors().skip(1).take(2).map(|folder| folder.join(executable));
    let missing = || panic!("{executable} is not built: run `make test`, or `cargo build --bins`");
    found.into_iter().find(|path| path.is_file()).unwrap_or_else(missing)
}
