//! Changes written as one SQL statement each.
//!
//! Where many rows are looked up, `CROSS JOIN LATERAL (... LIMIT 1)` says in which order: first what is asked for, then
//! each by its index, whatever the tables looked like when that was planned (`docs/adr/0014`). What has to be true of a row
//! that is locked by its id, and that an index of its own could answer, is asked outside, or behind a `CASE`.
//!
//! Those that hold, cancel, charge, pay and refund ask for everything in their first common table
//! expression, `asked`, to which the rest refers. The conditions of a decision are checked on rows that the
//! statement has locked, by the server's own clock, so that they still hold when it commits.

use diesel::{
    pg::Pg,
    sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text},
};

pub(super) use crate::statement::{SqlText, values};
use crate::{
    sql_types::{Amount, Id, Moment, StoredAmount, StoredId, StoredMoment},
    statement::{self, value},
};

pub(super) type Statement<T> = statement::Statement<T, Pg>;
pub(super) type Values = Vec<Box<dyn statement::Value<Pg>>>;

value! { Pg:
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

/// The server's time, this very moment.
pub(super) struct ReadClock;

impl SqlText for ReadClock {
    const SQL: &'static str = "SELECT clock_timestamp()";
    type Columns = Moment;
}
