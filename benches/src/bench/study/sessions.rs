//! Connections for ways of locking that are written out in SQL, their statements prepared.

use std::collections::HashMap;

use deadpool::managed::{self, Manager, Metrics, Object, RecycleError, RecycleResult};
use futures_util::future::{join_all, try_join_all};
use tokio_postgres::{Client, Error, NoTls, Row, Statement, types::ToSql};

use crate::scene::DATABASE_CONNECTIONS;

pub(super) type Value<'a> = &'a (dyn ToSql + Sync);

/// As many connections as the service has by default.
#[derive(Clone)]
pub(super) struct Sessions(managed::Pool<Connector>);

struct Connector {
    url: String,
    statements: &'static [&'static str],
}

/// A connection that knows its statements.
pub(super) struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
}

impl Sessions {
    /// Opens all of them, so that no storm has to.
    pub(super) async fn open(url: &str, statements: &'static [&'static str]) -> Self {
        let connector = Connector { url: url.to_owned(), statements };
        let pool = managed::Pool::builder(connector).max_size(DATABASE_CONNECTIONS).build();
        let sessions = Self(pool.expect("a pool without time limits needs no runtime"));
        drop(join_all((0..DATABASE_CONNECTIONS).map(|_| sessions.lend())).await);
        sessions
    }

    /// Lends one, as soon as one is free.
    pub(super) async fn lend(&self) -> Object<impl Manager<Type = Session>> {
        self.0.get().await.expect("the server takes connections")
    }
}

impl Manager for Connector {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        Session::open(&self.url, self.statements).await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        if session.client.is_closed() {
            return Err(RecycleError::message("it is closed"));
        }
        Ok(())
    }
}

impl Session {
    pub(super) async fn open(url: &str, statements: &[&'static str]) -> Result<Self, Error> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let prepared = try_join_all(statements.iter().map(|sql| client.prepare(sql))).await?;
        Ok(Self { prepared: statements.iter().copied().zip(prepared).collect(), client })
    }

    pub(super) async fn rows(&self, sql: &'static str, values: &[Value<'_>]) -> Vec<Row> {
        self.client.query(&self.prepared[sql], values).await.expect("the server answers")
    }

    pub(super) async fn row(&self, sql: &'static str, values: &[Value<'_>]) -> Row {
        self.try_row(sql, values).await.expect("the server answers")
    }

    pub(super) async fn try_row(&self, sql: &'static str, values: &[Value<'_>]) -> Result<Row, Error> {
        self.client.query_one(&self.prepared[sql], values).await
    }

    /// Changes rows, and tells how many.
    pub(super) async fn change(&self, sql: &'static str, values: &[Value<'_>]) -> u64 {
        self.client.execute(&self.prepared[sql], values).await.expect("the server makes the change")
    }

    pub(super) async fn begin(&self) {
        self.say("BEGIN").await;
    }

    pub(super) async fn commit(&self) {
        self.say("COMMIT").await;
    }

    pub(super) async fn rollback(&self) {
        self.say("ROLLBACK").await;
    }

    async fn say(&self, sql: &str) {
        self.client.batch_execute(sql).await.expect("the server goes along");
    }
}
