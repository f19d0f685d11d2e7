//! Changes written as one SQL statement each, whose prepared form the connection keeps.
//!
//! Where many rows are looked up, `CROSS JOIN LATERAL (... LIMIT 1)` says in which order: first what is asked for, then
//! each by its index. A plain join may be planned the other way round while the table is empty, and stay so when it is not.
//!
//! `{}` stands for a value. Those that hold, cancel, charge, pay and refund ask for everything in their first common table
//! expression, `asked`, to which the rest refers. The conditions of a decision are checked on rows that the
//! statement has locked, by the server's own clock, so that they still hold when it commits.

use std::marker::PhantomData;

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text},
};

use crate::sql_types::{Amount, Id, Moment, StoredAmount, StoredId, StoredMoment};

/// The text of a statement, and what it answers. The type is the key under which its prepared form is kept.
pub(super) trait SqlText: 'static {
    /// The SQL, with `{}` for each value in order.
    const SQL: &'static str;
    /// The SQL types of the columns it answers with.
    type Columns: 'static;
}

/// A statement with its values.
pub(super) struct Statement<T> {
    values: Vec<Box<dyn Value>>,
    text: PhantomData<T>,
}

/// A value of a statement.
pub(super) trait Value: Send + Sync {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

macro_rules! value {
    ($($rust:ty => $sql:ty),* $(,)?) => {
        $(impl Value for $rust {
            fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_bind_param::<$sql, _>(self)
            }
        })*
    };
}

value! {
    StoredId => Id,
    StoredMoment => Moment,
    StoredAmount => Amount,
    i32 => Integer,
    i64 => BigInt,
    String => Text,
    Vec<i16> => Array<SmallInt>,
    Vec<i64> => Array<BigInt>,
    Vec<StoredId> => Array<Id>,
    Vec<StoredMoment> => Array<Moment>,
    Vec<StoredAmount> => Array<Amount>,
    Vec<String> => Array<Text>,
    Vec<Option<String>> => Array<Nullable<Text>>,
}

impl<T: SqlText> Statement<T> {
    pub(super) fn new(values: Vec<Box<dyn Value>>) -> Self {
        Self { values, text: PhantomData }
    }
}

pub(super) fn boxed(value: impl Value + 'static) -> Box<dyn Value> {
    Box::new(value)
}

/// Boxes the values of a statement, in the order of its text.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::postgres::statement::boxed($value)),*]
    };
}
pub(super) use values;

/// The server's time, this very moment.
pub(super) struct ReadClock;

impl SqlText for ReadClock {
    const SQL: &'static str = "SELECT clock_timestamp()";
    type Columns = Moment;
}

impl<T: SqlText> QueryFragment<Pg> for Statement<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut pieces = T::SQL.split("{}");
        out.push_sql(pieces.next().unwrap_or_default());
        for (value, piece) in self.values.iter().zip(pieces) {
            value.push(&mut out)?;
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<T: SqlText> QueryId for Statement<T> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<T: SqlText> Query for Statement<T> {
    type SqlType = T::Columns;
}
