//! Statements written in SQL, whose prepared form the connection keeps.
//!
//! `{}` stands for a value; no other brace may stand in the text.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sqlite::Sqlite,
};

/// The text of a statement, and what it answers. The type is the key under which its prepared form is kept.
pub(crate) trait SqlText: Send + 'static {
    /// The SQL, with `{}` for each value in order.
    const SQL: &'static str;
    /// The SQL types of the columns it answers with.
    type Columns: 'static;
}

/// A statement with its values.
pub(crate) struct Statement<T, DB: Backend> {
    values: Vec<Box<dyn Value<DB>>>,
    text: PhantomData<T>,
}

/// A value of a statement.
pub(crate) trait Value<DB: Backend>: Send + Sync {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>;
}

/// Says as what a store takes values of some types.
macro_rules! value {
    ($store:ty: $($rust:ty => $sql:ty),* $(,)?) => {
        $(impl $crate::statement::Value<$store> for $rust {
            fn push<'b>(
                &'b self,
                out: &mut diesel::query_builder::AstPass<'_, 'b, $store>,
            ) -> diesel::QueryResult<()> {
                out.push_bind_param::<$sql, _>(self)
            }
        })*
    };
}
pub(crate) use value;

impl<T: SqlText, DB: Backend> Statement<T, DB> {
    pub(crate) fn new(values: Vec<Box<dyn Value<DB>>>) -> Self {
        Self { values, text: PhantomData }
    }
}

pub(crate) fn boxed<DB: Backend>(value: impl Value<DB> + 'static) -> Box<dyn Value<DB>> {
    Box::new(value)
}

/// Boxes the values of a statement, in the order of its text.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::statement::boxed($value)),*]
    };
}
pub(crate) use values;

impl<T: SqlText, DB: Backend> QueryFragment<DB> for Statement<T, DB> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut pieces = T::SQL.split('{').map(|piece| piece.strip_prefix('}').unwrap_or(piece));
        out.push_sql(pieces.next().unwrap_or_default());
        for (value, piece) in self.values.iter().zip(pieces) {
            value.push(&mut out)?;
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<T: SqlText, DB: Backend + 'static> QueryId for Statement<T, DB> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<T: SqlText, DB: Backend> Query for Statement<T, DB> {
    type SqlType = T::Columns;
}

impl<T: SqlText> RunQueryDsl<SqliteConnection> for Statement<T, Sqlite> {}
