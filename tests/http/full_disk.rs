//! The disk under an SQLite file is full, and later is not.

use std::{fs, io::Write, path::PathBuf, process::Stdio, time::Duration};

use encore_tests::{
    client::{Answer, send},
    service::{ADMIN_KEY, command},
};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};
use uuid::Uuid;

/// Enough for the tables and some thousands of changes.
const DISK: &str = "size=4m";
/// Far more changes than fit on the disk once it is full.
const CHARGES_AT_MOST: usize = 5_000;

/// An instance whose folder is a small disk of its own, which nobody else sees.
struct Instance {
    url: String,
    child: Child,
    folder: TempDir,
}

impl Instance {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/encore.db", folder.path().display());
        let encore = command("encore", &url, &[("ENCORE_LOG", "off")]);
        let mut child = Command::new("unshare")
            .args([
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && exec \"$3\" serve",
            ])
            .args(["sh", DISK])
            .arg(folder.path())
            .arg(encore.as_std().get_program())
            .envs(encore.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("unshare, of util-linux, is there");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_mins(1), lines.next_line()).await.unwrap().unwrap();
        let line =
            line.expect("expected an instance on a disk of its own: may this user make mount namespaces?");
        Self { url: line.strip_prefix("listening on ").unwrap().to_owned(), child, folder }
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let request = Client::new().request(method.clone(), format!("{}/api/v1{path}", self.url));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        send(if method == Method::GET { request } else { request.json(body) }).await
    }

    /// A file on the instance's own disk.
    fn filler(&self) -> PathBuf {
        let id = self.child.id().unwrap();
        PathBuf::from(format!("/proc/{id}/root{}/filler", self.folder.path().display()))
    }

    fn fill_the_disk(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        for size in [65_536, 4_096] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let instance = Instance::start().await;
    let email = format!("{}@example.org", Uuid::now_v7());
    let account = json!({"name": "Ada", "email": email, "password": "a password of the tests"});
    let user = instance.call(Method::POST, "/users", "", &account).await.expect(201).id_of("userId");
    let token = instance.call(Method::POST, "/queue/tokens", "", &account).await.expect(201).text_of("token");
    let (balance, charges) = (format!("/users/{user}/balance"), format!("/users/{user}/balance/charges"));
    let charge = async || instance.call(Method::POST, &charges, &token, &json!({"amount": 1})).await;
    let current = async || {
        instance.call(Method::GET, &balance, &token, &Value::Null).await.expect(200).body["currentBalance"]
            .clone()
    };

    charge().await.expect(201);
    instance.fill_the_disk();
    let mut acknowledged = 1;
    let refused = loop {
        let answer = charge().await;
        if answer.status != 201 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < CHARGES_AT_MOST, "expected the disk to be full");
    };
    let refused = refused.refused(503, "STORE_UNAVAILABLE");
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    assert_eq!(current().await, acknowledged, "expected what was acknowledged, and can still be read");
    let concert = json!({"name": "A concert"});
    instance
        .call(Method::POST, "/admin/concerts", ADMIN_KEY, &concert)
        .await
        .refused(503, "STORE_UNAVAILABLE");
    assert_eq!(current().await, acknowledged, "expected what was refused to have changed nothing");

    fs::remove_file(instance.filler()).unwrap();
    charge().await.expect(201);
    assert_eq!(current().await, acknowledged + 1, "expected the instance to have found back by itself");
    instance.call(Method::POST, "/admin/concerts", ADMIN_KEY, &concert).await.expect(201);
}
