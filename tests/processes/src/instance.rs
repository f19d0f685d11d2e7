//! The service as it ships: the executable, as a child process.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The operator's key of every instance under test.
pub const ADMIN_KEY: &str = "operator-key-of-the-tests";
/// What every instance under test signs its tokens with.
pub const TOKEN_SECRET: &str = "a secret of the tests, long enough to sign with";

/// An instance: `encore serve`. Dropped, it is killed, and nobody waits until it is gone; [`Instance::kill`] and
/// [`Instance::wait`] do.
pub struct Instance {
    pub url: String,
    child: Child,
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
