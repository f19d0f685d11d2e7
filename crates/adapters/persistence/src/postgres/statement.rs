//! Changes written as one SQL statement each.
//!
//! Where many rows are looked up, `CROSS JOIN LATERAL (... LIMIT 1)` says in which order: first what is asked for, then
//! each by its index. A plain join may be planned the other way round while the table is empty, and stay so when it is not.
//! What has to be true of a row that is looked up by its id is asked outside: there it can not make the server read the
//! index of all rows of which it is true.
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
