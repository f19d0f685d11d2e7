//! A PostgreSQL server of a test's own, to be killed, frozen and started again.

use std::{
    path::{Path, PathBuf},
    process::{Command as BlockingCommand, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};
use tokio_postgres::NoTls;

/// How long a server may take to come or go.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, a child process of the test. It listens on a socket in its own folder only, and never runs as root.
/// With its end, and the test's, it is killed.
pub struct PostgresServer {
    binaries: PathBuf,
    /// The options of `setpriv`, where the test itself runs as root.
    becomes: Option<Vec<String>>,
    running: Option<Child>,
    durable: bool,
    folder: TempDir,
}

impl PostgresServer {
    /// Makes a server and starts it. What a killed process has written is kept by the system: only a power cut
    /// would need its commits to reach the disk.
    pub async fn start() -> Self {
        Self::make(false).await
    }

    /// Makes a server whose commits reach the disk, as they do where Encore runs.
    pub async fn start_durable() -> Self {
        Self::make(true).await
    }

    async fn make(durable: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let becomes = is_root().then(|| {
            let owner = if output_of("id", &["-u", "postgres"]).is_some() { "postgres" } else { "nobody" };
            let group = output_of("id", &["-g", owner]).expect("every user has a group");
            let path = folder.path().to_str().unwrap();
            output_of("chown", &[owner, path]).expect("root may give a folder away");
            vec![format!("--reuid={owner}"), format!("--regid={group}"), "--clear-groups".to_owned()]
        });
        let mut server = Self { binaries: find_binaries(), becomes, running: None, durable, folder };
        let initialized = server
            .command("initdb")
            .args(["-U", "encore", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .output()
            .await
            .unwrap();
        assert!(initialized.status.success(), "{}", String::from_utf8_lossy(&initialized.stderr));
        server.start_again().await;
        server
    }

    /// The address of its one database.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=encore", self.folder.path().display())
    }

    /// Starts it again after it was killed, and waits until it answers.
    pub async fn start_again(&mut self) {
        let folder = self.folder.path().display();
        let child = self
            .command("postgres")
            .args(["-c", "listen_addresses=", "-c", &format!("unix_socket_directories={folder}")])
            .args(["-c", if self.durable { "fsync=on" } else { "fsync=off" }])
            .args(["-c", "shared_buffers=32MB"])
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(child.expect("the server can be started"));
        let url = self.url();
        let answers = async {
            while tokio_postgres::connect(&url, NoTls).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, answers).await.expect("the server answers in time");
    }

    /// Kills it with all its processes, and waits until they are gone.
    pub async fn kill(&mut self) {
        let processes = self.processes();
        signal("KILL", &processes);
        self.running.take().expect("the server runs").wait().await.unwrap();
        let gone = async {
            while processes.iter().any(|process| is_alive(*process)) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, gone).await.expect("its processes are gone in time");
    }

    /// Stops all its processes where they are.
    pub fn freeze(&self) {
        signal("STOP", &self.processes());
    }

    /// Lets them go on.
    pub fn unfreeze(&self) {
        signal("CONT", &self.processes());
    }

    /// The server's process, and those of its connections.
    fn processes(&self) -> Vec<u32> {
        let server = self.running.as_ref().and_then(Child::id).expect("the server runs");
        let all = output_of("ps", &["-A", "-o", "ppid=,pid="]).expect("there are processes");
        let children = all.lines().filter_map(|line| {
            let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().unwrap());
            (numbers.next() == Some(server)).then(|| numbers.next().unwrap())
        });
        // The server first: it starts no further process then.
        std::iter::once(server).chain(children).collect()
    }

    fn command(&self, executable: &str) -> Command {
        let path = self.binaries.join(executable);
        let mut command = match &self.becomes {
            Some(options) => {
                let mut command = Command::new("setpriv");
                command.args(options).arg(path);
                command
            }
            None => Command::new(path),
        };
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self.running.is_some() {
            signal("KILL", &self.processes());
        }
    }
}

/// Where `tests/with-postgres` finds the server's executables, too.
fn find_binaries() -> PathBuf {
    let configured = output_of("pg_config", &["--bindir"]).map(PathBuf::from);
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let packaged = packaged.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let built = PathBuf::from("/usr/local/pgsql/bin");
    let has_all = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
    let found = configured.into_iter().chain(packaged).chain([built]).find(has_all);
    found.expect("PostgreSQL is installed on this machine: its executables are needed beside a server")
}

fn is_root() -> bool {
    output_of("id", &["-u"]).as_deref() == Some("0")
}

fn is_alive(process: u32) -> bool {
    // A process that nobody has waited for is dead all the same.
    let state = output_of("ps", &["-o", "stat=", "-p", &process.to_string()]);
    state.is_some_and(|state| !state.starts_with('Z'))
}

fn signal(name: &str, processes: &[u32]) {
    let processes: Vec<_> = processes.iter().map(ToString::to_string).collect();
    // One of them may have ended by itself.
    drop(
        BlockingCommand::new("kill").arg(format!("-{name}")).args(&processes).stderr(Stdio::null()).status(),
    );
}

/// What a command says, without the spaces around it; none if it fails, or there is none such.
fn output_of(command: impl AsRef<Path>, arguments: &[&str]) -> Option<String> {
    let output = BlockingCommand::new(command.as_ref()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
