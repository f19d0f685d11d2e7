//! A statement with its values. The connection keeps its prepared form, as the service's does.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Text},
    sqlite::Sqlite,
};
use uuid::Uuid;

/// The text of a statement: `?` stands for a value. The type is the key of the prepared form.
pub(crate) trait Sql: Send + 'static {
    const TEXT: &'static str;
}

/// A statement that is ready to run.
pub(crate) struct Step {
    pub(crate) sql: &'static str,
    run: Box<Run>,
}

type Run = dyn FnOnce(&mut SqliteConnection) -> QueryResult<usize> + Send;

pub(crate) enum Value {
    Id(Uuid),
    Number(i64),
    Text(String),
}

impl Step {
    pub(crate) fn new<S: Sql>(values: Vec<Value>) -> Self {
        let statement = Statement { values, text: PhantomData::<S> };
        Self { sql: S::TEXT, run: Box::new(|connection| statement.execute(connection)) }
    }

    /// Runs it, and tells how many rows it has changed.
    pub(crate) fn run(self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        (self.run)(connection)
    }
}

/// A statement that is written where it is used, with its values; and, where it is part of a change, how many rows it has to
/// change.
macro_rules! step {
    ($text:literal, $values:expr, $rows:literal) => {
        ($crate::step::step!($text, $values), $rows)
    };
    ($text:literal, $values:expr) => {{
        struct Text;

        impl $crate::step::Sql for Text {
            const TEXT: &'static str = $text;
        }

        $crate::step::Step::new::<Text>($values)
    }};
}
pub(crate) use step;

struct Statement<S> {
    values: Vec<Value>,
    text: PhantomData<S>,
}

impl<S: Sql> QueryFragment<Sqlite> for Statement<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut pieces = S::TEXT.split('?');
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

impl<S: Sql> QueryId for Statement<S> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S> RunQueryDsl<SqliteConnection> for Statement<S> {}
