//! A new, migrated database for every test, gone after it.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    path::PathBuf,
};

use adapter_persistence::{Store, StoreAddress};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

const POSTGRES_MIGRATIONS: &str = include_str!("../../migrations/postgres/2026-11-21-000001_initial/up.sql");

/// A store's place, for as long as this lives.
pub enum Database {
    Sqlite {
        folder: TempDir,
    },
    /// `dropped` is its name, if it is on the server of all tests and so is to be dropped.
    Postgres {
        url: String,
        dropped: Option<String>,
    },
}

impl Database {
    /// A migrated SQLite file in a folder of its own.
    pub async fn sqlite() -> Self {
        let database = Self::Sqlite { folder: tempfile::tempdir().unwrap() };
        Store::migrate(&database.address()).await.unwrap();
        database
    }

    /// A migrated PostgreSQL database of its own on the server that `TEST_DATABASE_URL` names.
    pub async fn postgres() -> Self {
        let name = format!("encore_test_{}", Uuid::now_v7().simple());
        let template = ensure_template().await;
        administrate(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self::Postgres { url: server_url(&name), dropped: Some(name) }
    }

    /// A migrated PostgreSQL database on a server that is gone with the test, the database with it.
    pub async fn on_own_server(url: &str) -> Self {
        Store::migrate(&url.parse().unwrap()).await.unwrap();
        Self::Postgres { url: url.to_owned(), dropped: None }
    }

    /// The store's address, as `DATABASE_URL` has it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => format!("sqlite://{}", Self::file(folder).display()),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    pub fn address(&self) -> StoreAddress {
        self.url().parse().unwrap()
    }

    /// Runs SQL as somebody might who has got past the service: the error's text if the store refuses it.
    pub async fn try_sql(&self, sql: &str) -> Result<(), String> {
        match self {
            Self::Sqlite { folder } => {
                let mut connection =
                    SqliteConnection::establish(Self::file(folder).to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000").unwrap();
                connection.batch_execute(sql).map_err(|error| error.to_string())
            }
            Self::Postgres { url, .. } => {
                let client = connect(url).await;
                client.batch_execute(sql).await.map_err(|error| {
                    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
                })
            }
        }
    }

    /// A session on a server, for transactions that take their time; none on a file, which has one writer.
    pub async fn session(&self) -> Option<Session> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { url, .. } => Some(Session { client: connect(url).await }),
        }
    }

    /// Asks for one number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.numbers(&[sql]).await[0]
    }

    /// Asks for some numbers, as they are at one moment.
    pub async fn numbers(&self, questions: &[&str]) -> Vec<i64> {
        match self {
            Self::Sqlite { folder } => {
                use diesel::{QueryableByName, RunQueryDsl, sql_types::BigInt};
                #[derive(QueryableByName)]
                struct Row {
                    #[diesel(sql_type = BigInt)]
                    number: i64,
                }
                let mut connection =
                    SqliteConnection::establish(Self::file(folder).to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                let rows: Vec<_> = questions.iter().map(|sql| format!("SELECT ({sql}) AS number")).collect();
                let rows = diesel::sql_query(rows.join(" UNION ALL ")).load::<Row>(&mut connection).unwrap();
                rows.into_iter().map(|row| row.number).collect()
            }
            Self::Postgres { url, .. } => {
                let client = connect(url).await;
                let columns: Vec<_> = questions.iter().map(|sql| format!("({sql})::bigint")).collect();
                client.query_one(&format!("SELECT ARRAY[{}]", columns.join(", ")), &[]).await.unwrap().get(0)
            }
        }
    }

    /// Asks for rows of one column, `text`.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite { folder } => {
                use diesel::{QueryableByName, RunQueryDsl, sql_types::Text};
                #[derive(QueryableByName)]
                struct Row {
                    #[diesel(sql_type = Text)]
                    text: String,
                }
                let mut connection =
                    SqliteConnection::establish(Self::file(folder).to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                let rows = diesel::sql_query(sql).load::<Row>(&mut connection).unwrap();
                rows.into_iter().map(|row| row.text).collect()
            }
            Self::Postgres { url, .. } => {
                let client = connect(url).await;
                let rows = client.query(sql, &[]).await.unwrap();
                rows.into_iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// How the store writes an id in SQL.
    pub fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite { .. } => format!("x'{}'", id.simple()),
            Self::Postgres { .. } => format!("'{id}'"),
        }
    }

    fn file(folder: &TempDir) -> PathBuf {
        folder.path().join("encore.db")
    }
}

/// A session on a server.
pub struct Session {
    client: tokio_postgres::Client,
}

impl Session {
    /// Runs SQL that has to work.
    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { dropped: Some(name), .. } = self else { return };
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // A runtime of its own, because this may run within another.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administrate(&sql));
        });
        drop(dropping.join());
    }
}

fn admin_url() -> String {
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names no server: run `make test`, or `tests/with-postgres cargo test`")
}

/// The address of a database on the same server.
fn server_url(database: &str) -> String {
    let url = admin_url();
    let (address, parameters) = url.split_once('?').unwrap_or((&url, ""));
    let (server, _) = address.rsplit_once('/').expect("TEST_DATABASE_URL must end with a database's name");
    format!("{server}/{database}?{parameters}")
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.expect("the PostgreSQL server answers");
    tokio::spawn(connection);
    client
}

async fn administrate(sql: &str) {
    connect(&admin_url()).await.batch_execute(sql).await.unwrap();
}

/// Migrates on a runtime of its own: one with a single thread, as a test may have, is not enough.
async fn migrate(address: StoreAddress) {
    let migrating = tokio::task::spawn_blocking(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(Store::migrate(&address)).unwrap();
    });
    migrating.await.unwrap();
}

/// The name of a migrated database that others are copied from; made once for each state of the migrations,
/// whoever comes first.
async fn ensure_template() -> String {
    let mut hasher = DefaultHasher::new();
    POSTGRES_MIGRATIONS.hash(&mut hasher);
    let template = format!("encore_template_{:016x}", hasher.finish());
    let client = connect(&admin_url()).await;
    client.batch_execute("SELECT pg_advisory_lock(7246)").await.unwrap();
    let question = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    if !client.query_one(question, &[&template]).await.unwrap().get::<_, bool>(0) {
        let making = format!("{template}_making");
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await.unwrap();
        client.batch_execute(&format!("CREATE DATABASE {making}")).await.unwrap();
        migrate(server_url(&making).parse().unwrap()).await;
        client.batch_execute(&format!("ALTER DATABASE {making} RENAME TO {template}")).await.unwrap();
    }
    // The connection's end gives the lock back.
    template
}
