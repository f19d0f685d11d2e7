//! A statement with its values. The connection keeps its prepared form by its text.

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Text},
    sqlite::Sqlite,
};
use uuid::Uuid;

/// `?` stands for a value.
pub(crate) struct Step {
    pub(crate) sql: &'static str,
    pub(crate) values: Vec<Value>,
}

pub(crate) enum Value {
    Id(Uuid),
    Number(i64),
    Text(String),
}

impl Step {
    /// Runs it, and tells how many rows it has changed.
    pub(crate) fn run(self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        self.execute(connection)
    }
}

impl QueryFragment<Sqlite> for Step {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut pieces = self.sql.split('?');
        out.push_sql(pieces.next().unwrap_or_default());
        for (value, piece) in self.values.iter().zip(pieces) {
            match value {
                Value::Id(id) => out.push_bind_param::<Binary, _>(id.as_bytes())?,
                Value::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Value::Text(text) => out.push_bind_param::<Text, _>(text)?,
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl QueryId for Step {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Step {}
