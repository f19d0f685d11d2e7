//! The limits of what changes a store: `pgbench` on its server, or a bare writer on a file of its own.

use std::process::Stdio;

use encore_benches::{
    pgbench::{Script, Turns, rate},
    room::{Kind, Room},
};
use encore_tests::service::command;

use crate::scene::{DATABASE_CONNECTIONS, Scene};

/// Which change is made, and with what `pgbench` makes it.
pub(crate) struct Change {
    /// As `bench-bare-writer` calls it.
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
    /// The table, or the part of one, that each change makes longer by one row.
    pub(crate) table: &'static str,
}

/// How many of them are made.
pub(crate) struct Amount {
    /// Of whoever makes them on a file at a time; `pgbench` has as many clients as the service has connections.
    pub(crate) callers: usize,
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) users: u64,
}

/// Whoever makes a change with nothing around it.
pub(crate) enum Limit {
    Pgbench { change: Change, script: Script },
    Writer { change: Change, room: Box<Room> },
}

impl Limit {
    /// The limit of a store; on a file it has a room of its own.
    pub(crate) fn new(change: Change, own: Option<Room>) -> Self {
        match own {
            Some(room) => Self::Writer { change, room: Box::new(room) },
            None => Self::Pgbench { script: Script::new(change.script), change },
        }
    }

    /// How it is called in the report.
    pub(crate) fn name(kind: Kind) -> &'static str {
        match kind {
            Kind::Postgres => "pgbench",
            Kind::Sqlite => "bare writer",
        }
    }

    /// The room of its own, if it has one.
    pub(crate) fn room(&self) -> Option<&Room> {
        match self {
            Self::Writer { room, .. } => Some(room),
            Self::Pgbench { .. } => None,
        }
    }

    /// Makes the changes, insists that all were made, and tells how many were in a second.
    pub(crate) async fn run(&self, scene: &Scene, amount: &Amount) -> f64 {
        let room = self.room().unwrap_or(&scene.room);
        let (Self::Pgbench { change, .. } | Self::Writer { change, .. }) = self;
        let question = format!("SELECT count(*) FROM {}", change.table);
        let before = room.database.number(&question).await;
        let a_second = match self {
            Self::Pgbench { script, .. } => run_pgbench(script, &room.database.url(), amount).await,
            Self::Writer { change, .. } => run_writer(change.name, &room.database.url(), amount).await,
        };
        let made = room.database.number(&question).await - before;
        assert_eq!(made as u64, amount.count, "expected every change to be made: {}", change.name);
        a_second
    }
}

async fn run_pgbench(script: &Script, url: &str, amount: &Amount) -> f64 {
    let variables = [
        ("first", amount.first.to_string()),
        ("users", amount.users.to_string()),
        ("clients", DATABASE_CONNECTIONS.to_string()),
    ];
    let each = amount.count / DATABASE_CONNECTIONS as u64;
    script.run(url, &Turns { clients: DATABASE_CONNECTIONS, each, variables: &variables }).await
}

async fn run_writer(change: &str, url: &str, amount: &Amount) -> f64 {
    let numbers = [amount.callers as u64, amount.first, amount.count, amount.users];
    let output = command("bench-bare-writer", url, &[])
        .arg(change)
        .args(numbers.map(|number| number.to_string()))
        .stdout(Stdio::piped())
        .output()
        .await
        .expect("the bare writer can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "the bare writer failed: {told}");
    rate(&told).unwrap_or_else(|| panic!("the bare writer told no rate: {told}"))
}
