//! Makes a database note the waiting room's history, by triggers of which the service knows nothing.
//!
//! On PostgreSQL the triggers are deferred: they run at the commit. The first of a transaction takes a lock
//! that it keeps until the commit is done and visible, and only then looks. So moments are in the order of
//! the commits, each sees every commit before it and none after it, and what it counts is what the
//! database holds from that commit on. Two transactions that decided at the same moment still did: only their
//! commits stand in line, and the later one is seen to have gone too far. What changes without a commit, a
//! turn whose time runs out, is seen at the next commit; it only ever lowers the count.
//!
//! On SQLite the one writer's changes are in order by themselves. It commits several in one transaction, each
//! under a savepoint; what the triggers note is the state after each changed row. That is more than any reader
//! could have seen, and holds every state that was committed. Its clock has milliseconds only.

mod postgres;
mod sqlite;

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use uuid::Uuid;

use super::events::{Change, Instant, Moment, Policy, Status, Ticket};
use crate::databases::Database;

const POLICY_COLUMNS: [&str; 6] =
    ["strategy", "state", "max_active", "admit_count", "interval_seconds", "claim_seconds"];

/// Makes the database note what happens from now on.
pub async fn install(database: &Database) {
    let sql = match database {
        Database::Sqlite { .. } => sqlite::triggers(),
        Database::Postgres { .. } => postgres::triggers(),
    };
    database.try_sql(&sql).await.unwrap();
}

fn policy_members() -> String {
    POLICY_COLUMNS.map(|column| format!("'{column}', {column}")).join(", ")
}

fn differs(columns: &[&str], difference: &str) -> String {
    let differs = |column: &&str| format!("OLD.{column} {difference} NEW.{column}");
    columns.iter().map(differs).collect::<Vec<_>>().join(" OR ")
}

/// A row of the history.
#[derive(Deserialize)]
struct Noted {
    moment: u64,
    at: Instant,
    live: u64,
    policy: Policy,
    kind: Kind,
    subject: Option<Uuid>,
    after: Option<Ticket>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Ticket,
    Payment,
    Policy,
}

impl Noted {
    fn change(self) -> Change {
        match self.kind {
            Kind::Ticket => Change::Ticket { id: self.subject.unwrap(), after: self.after },
            Kind::Payment => Change::Payment { user: self.subject.unwrap() },
            Kind::Policy => Change::Policy,
        }
    }
}

/// Reads what the database noted. A change's place is drawn before its transaction waits for the lock: it orders
/// the changes of one moment, and only the moments' places order these.
pub async fn read(database: &Database) -> Vec<Moment> {
    let (object, policy, after) = match database {
        Database::Sqlite { .. } => ("json_object", "json(room_moments.policy)", "json(room_changes.after)"),
        Database::Postgres { .. } => ("json_build_object", "room_moments.policy", "room_changes.after"),
    };
    let sql = format!(
        "SELECT CAST({object}(
            'moment', room_moments.place, 'at', room_moments.at, 'live', room_moments.live, 'policy', {policy},
            'kind', room_changes.kind, 'subject', room_changes.subject, 'after', {after}) AS text) AS text
         FROM room_changes JOIN room_moments ON room_moments.place = room_changes.moment
         ORDER BY room_moments.place, room_changes.place"
    );
    let mut history: Vec<Moment> = vec![];
    for row in database.texts(&sql).await {
        let noted: Noted = serde_json::from_str(&row).unwrap_or_else(|error| panic!("{error} in {row}"));
        let (place, at, live, policy) = (noted.moment, noted.at, noted.live, noted.policy);
        let change = noted.change();
        let last = history.last_mut();
        match last.filter(|last| last.place == place || is_one_change(last, &change, database)) {
            Some(last) => {
                last.changes.push(change);
                (last.at, last.live, last.policy) = (at, live, policy);
            }
            None => history.push(Moment { place, at, live, policy, changes: vec![change] }),
        }
    }
    history
}

/// Whether on SQLite, which notes every row as a moment of its own, a row belongs to the one before it: those
/// whom one change admits have one instant, whether or not they have come, and a payment ends the turn that paid.
fn is_one_change(last: &Moment, change: &Change, database: &Database) -> bool {
    let (Database::Sqlite { .. }, Change::Ticket { after: Some(after), .. }) = (database, change) else {
        return false;
    };
    match last.changes.last() {
        Some(Change::Payment { user }) => *user == after.user && after.status == Status::Ended,
        Some(Change::Ticket { after: Some(before), .. }) => {
            let admission = |ticket: &Ticket| (ticket.status, ticket.admitted_at);
            // Whoever was admitted already has come since: another change.
            before.status == Status::Active
                && admission(before) == admission(after)
                && !last.changes.iter().any(|change| is_of(change, after.number))
        }
        _ => false,
    }
}

fn is_of(change: &Change, number: u64) -> bool {
    matches!(change, Change::Ticket { after: Some(ticket), .. } if ticket.number == number)
}

/// How far the database's clock is from this machine's, in microseconds; 0 where they can not be told apart.
pub async fn clock_difference(database: &Database) -> i64 {
    let Database::Postgres { .. } = database else { return 0 };
    let before = now();
    let theirs = database.number("SELECT extract(epoch FROM clock_timestamp()) * 1000000").await;
    let after = now();
    theirs - theirs.clamp(before, after)
}

/// This machine's clock.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_micros()).unwrap()
}
