//! A waiting room that is filled in bulk, and the tokens of those in it.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use adapter_credentials::{JsonWebTokens, TokenSecret};
use adapter_persistence::Store;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{
    identity::{AccessClaims, QueueClaims, Tokens},
    ids::{TicketId, UserId},
    waiting_room::{Bounded, RoomPolicy},
};
use encore_tests::{
    databases::Database,
    service::{Instance, TOKEN_SECRET},
};
use uuid::Uuid;

use crate::{
    generator::Requests,
    http::{address, request},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Sqlite,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// A room on a store of its own. Whoever has number N is user N, and was issued the ticket N microseconds after
/// `opened_at`.
pub struct Room {
    pub database: Database,
    opened_at: DateTime<Utc>,
    tokens: JsonWebTokens,
}

/// A policy that bounds how many are inside.
pub fn policy(max_active: u32, session: Duration, claim: Duration) -> RoomPolicy {
    RoomPolicy {
        max_active: Bounded::new(i64::from(max_active)).unwrap(),
        session: chrono::Duration::from_std(session).unwrap(),
        claim: chrono::Duration::from_std(claim).unwrap(),
        ..RoomPolicy::default()
    }
}

impl Room {
    pub async fn new(kind: Kind, policy: &RoomPolicy) -> Self {
        let database = match kind {
            Kind::Postgres => Database::postgres().await,
            Kind::Sqlite => Database::sqlite().await,
        };
        let store = Store::open(&database.address(), 1).await.unwrap();
        store.set_first_policy(policy).await.unwrap();
        let secret = TokenSecret::new(TOKEN_SECRET.to_owned()).unwrap();
        let opened_at = DateTime::from_timestamp(Utc::now().timestamp() - 600, 0).unwrap();
        Self { database, opened_at, tokens: JsonWebTokens::new(&secret) }
    }

    pub fn is_file(&self) -> bool {
        matches!(self.database, Database::Sqlite { .. })
    }

    /// An SQL expression for the id of number `n`.
    pub fn sql_id(&self, kind: u8) -> String {
        self.sql_id_of(kind, "n")
    }

    /// An SQL expression for the id of a number.
    pub fn sql_id_of(&self, kind: u8, number: &str) -> String {
        if self.is_file() {
            format!("unhex('0000000{kind}00007000' || '8000' || printf('%012x', {number}))")
        } else {
            format!("('0000000{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid")
        }
    }

    /// An SQL expression for the text of an id, without dashes.
    pub fn sql_text_of_id(&self, column: &str) -> String {
        if self.is_file() {
            format!("lower(hex({column}))")
        } else {
            format!("replace({column}::text, '-', '')")
        }
    }

    /// The id of a number, as SQL makes it, too.
    pub fn id(kind: u8, number: u64) -> Uuid {
        Uuid::from_u128((u128::from(kind) << 96) | 0x7000_8000_0000_0000_0000 | u128::from(number))
    }

    pub fn user(number: u64) -> Uuid {
        Self::id(1, number)
    }

    pub fn ticket(number: u64) -> Uuid {
        Self::id(2, number)
    }

    /// An SQL source of numbers, as `n`.
    pub fn numbers(&self, numbers: &RangeInclusive<u64>) -> String {
        self.numbers_as(numbers, "numbers")
    }

    /// The same under a name, for statements with several.
    pub fn numbers_as(&self, numbers: &RangeInclusive<u64>, name: &str) -> String {
        let (first, last) = (numbers.start(), numbers.end());
        if self.is_file() {
            format!(
                "(WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
                  SELECT n FROM numbers) AS {name}"
            )
        } else {
            format!("generate_series({first}::bigint, {last}::bigint) AS {name}(n)")
        }
    }

    /// Puts in much at once. A server does not look for what the rows refer to: it is there by how they are made, and
    /// looking for it would take most of the time.
    pub async fn transaction(&self, sql: &str) {
        let begin = if self.is_file() {
            "BEGIN IMMEDIATE"
        } else {
            "BEGIN; SET LOCAL session_replication_role = replica"
        };
        self.database.try_sql(&format!("{begin}; {sql}; COMMIT")).await.unwrap();
    }

    /// Registers users, each with money to spend.
    pub async fn register(&self, numbers: RangeInclusive<u64>) {
        self.register_with(numbers, if self.is_file() { "100000000" } else { "1000000" }).await;
    }

    /// Registers users whose balances are the sums of their ledgers: nothing.
    pub async fn register_without_money(&self, numbers: RangeInclusive<u64>) {
        self.register_with(numbers, "0").await;
    }

    async fn register_with(&self, numbers: RangeInclusive<u64>, balance: &str) {
        let (id, source) = (self.sql_id(1), self.numbers(&numbers));
        let now = if self.is_file() { "0" } else { "now()" };
        self.transaction(&format!(
            "INSERT INTO users (id, name, email, password_hash, registered_at)
             SELECT {id}, 'A fan', 'fan-' || n || '@example.org', 'none', {now} FROM {source};
             INSERT INTO wallets (user_id, balance) SELECT {id}, {balance} FROM {source}"
        ))
        .await;
    }

    /// Lets registered users join behind everybody, believed to be there for a day.
    pub async fn fill(&self, numbers: RangeInclusive<u64>) {
        self.issue(numbers, "status", "'WAITING'").await;
    }

    /// Lets users join who have had their turn since.
    pub async fn serve_in_bulk(&self, numbers: RangeInclusive<u64>) {
        let (columns, at) = ("status, end_reason, admitted_at, ended_at", self.instant("- 3600000000"));
        self.issue(numbers, columns, &format!("'ENDED', 'LEFT', {at}, {at}")).await;
    }

    /// Lets users join whose turn it is, claimed already, for a day.
    pub async fn admit_in_bulk(&self, numbers: RangeInclusive<u64>) {
        let (now, end) = (self.instant("+ 0"), self.instant("+ 86400000000"));
        let columns = "status, admitted_at, claimed_at, expires_at";
        self.issue(numbers, columns, &format!("'ACTIVE', {now}, {now}, {end}")).await;
    }

    /// Lets a server know what is in it, as it would find out by itself after a while. A file never does.
    pub async fn analyze(&self) {
        if self.is_file() {
            return;
        }
        self.database.try_sql("ANALYZE").await.unwrap();
    }

    /// An SQL expression for an instant: so many microseconds after the room was opened.
    pub fn instant(&self, after: &str) -> String {
        if self.is_file() {
            format!("{} {after}", self.opened_at.timestamp_micros())
        } else {
            let opened_at = self.opened_at.to_rfc3339_opts(SecondsFormat::Micros, true);
            let (sign, micros) = after.split_once(' ').unwrap();
            format!("timestamptz '{opened_at}' {sign} {micros} * interval '1 microsecond'")
        }
    }

    async fn issue(&self, numbers: RangeInclusive<u64>, columns: &str, values: &str) {
        let (ticket, user, source) = (self.sql_id(2), self.sql_id(1), self.numbers(&numbers));
        let (issued_at, present_until) = (self.instant("+ n"), self.instant("+ 86400000000"));
        self.transaction(&format!(
            "UPDATE waiting_room SET last_number = {};
             INSERT INTO queue_tickets (id, user_id, number, issued_at, present_until, {columns})
             SELECT {ticket}, {user}, n, {issued_at}, {present_until}, {values} FROM {source}",
            numbers.end()
        ))
        .await;
    }

    /// A room with those up to `served` gone, and `waiting` waiting.
    pub async fn filled(kind: Kind, policy: &RoomPolicy, served: u64, waiting: u64) -> Self {
        eprintln!("{}: a room of {waiting}", kind.name());
        let room = Self::new(kind, policy).await;
        room.register(1..=served + waiting).await;
        if served > 0 {
            room.serve_in_bulk(1..=served).await;
        }
        room.fill(served + 1..=served + waiting).await;
        room
    }

    /// The queue token of a number.
    pub fn token(&self, number: u64) -> String {
        let claims = QueueClaims {
            user: UserId(Self::user(number)),
            ticket: TicketId(Self::ticket(number)),
            number,
            issued_at: self.opened_at + chrono::Duration::microseconds(i64::try_from(number).unwrap()),
            expires_at: self.opened_at + chrono::Duration::days(1),
        };
        self.tokens.sign_queue(&claims, self.opened_at).unwrap().0
    }

    /// The access token of whoever is going to have a number.
    pub fn access_token(&self, number: u64) -> String {
        let expires_at = self.opened_at + chrono::Duration::days(1);
        let claims = AccessClaims { user: UserId(Self::user(number)), expires_at };
        self.tokens.sign_access(&claims, self.opened_at).unwrap().0
    }

    /// A request of whoever has a number.
    pub fn request(&self, number: u64, method: &str, path: &str) -> Vec<u8> {
        request(method, path, Some(&self.token(number)), None)
    }

    /// The same request of several, one after the other.
    pub fn requests(&self, numbers: impl Iterator<Item = u64>, method: &str, path: &str) -> Requests {
        numbers.map(|number| self.request(number, method, path)).collect()
    }

    /// An instance, and where it listens. No scheduler runs.
    pub async fn serve(&self, settings: &[(&str, &str)]) -> (Instance, SocketAddr) {
        let mut all = vec![("ENCORE_SCHEDULER", "outside")];
        all.extend_from_slice(settings);
        let instance = Instance::start(&self.database.url(), &all).await;
        let address = address(&instance.url);
        (instance, address)
    }

    pub async fn count(&self, status: &str) -> i64 {
        self.database.number(&format!("SELECT count(*) FROM queue_tickets WHERE status = '{status}'")).await
    }

    /// Waits until so many turns are live.
    pub async fn wait_for_turns(&self, turns: i64) {
        while self.count("ACTIVE").await < turns {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The processes that work for the store alone: none for a file.
    pub async fn servers(&self) -> Vec<u32> {
        if self.is_file() {
            return Vec::new();
        }
        let sql = "SELECT string_agg(pid::text, ' ') AS text FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ids = self.database.texts(sql).await.remove(0);
        ids.split(' ').map(|id| id.parse().unwrap()).collect()
    }
}
