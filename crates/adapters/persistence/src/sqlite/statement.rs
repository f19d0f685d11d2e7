//! Statements written in SQL, where they are the store's hottest or can not be said otherwise.

use diesel::{sql_types::BigInt, sqlite::Sqlite};

pub(super) use crate::statement::{SqlText, values};
use crate::{
    sql_types::{Id, Moment, StoredId, StoredMoment},
    statement::{self, value},
};

pub(super) type Statement<T> = statement::Statement<T, Sqlite>;

value! { Sqlite:
    StoredId => Id,
    StoredMoment => Moment,
    i64 => BigInt,
}
