//! Column types that both stores have, each with an exact way in and out of either.
//!
//! | column type | PostgreSQL | SQLite |
//! |---|---|---|
//! | [`Id`] | `uuid` | blob of 16 bytes |
//! | [`Moment`] | `timestamptz` | microseconds since 1970 |
//! | [`Amount`] | `numeric(16, 2)` | hundredths |

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{self as sql, SqlType},
    sqlite::{Sqlite, SqliteValue},
};
use domain::money::Money;
use uuid::Uuid;

/// An id.
#[derive(Clone, Copy, Debug, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Id;

/// An instant, to the microsecond.
#[derive(Clone, Copy, Debug, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Moment;

/// An amount of money.
#[derive(Clone, Copy, Debug, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1700, array_oid = 1231), sqlite_type(name = "Long"))]
pub struct Amount;

/// An id on its way in or out of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Id)]
pub struct StoredId(pub Uuid);

impl FromSql<Id, Pg> for StoredId {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<sql::Uuid, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<Id, Pg> for StoredId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql::Uuid, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<Id, Sqlite> for StoredId {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

impl ToSql<Id, Sqlite> for StoredId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

/// An instant on its way in or out of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct StoredMoment(pub DateTime<Utc>);

impl FromSql<Moment, Pg> for StoredMoment {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<sql::Timestamptz, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<Moment, Pg> for StoredMoment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql::Timestamptz, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}

impl FromSql<Moment, Sqlite> for StoredMoment {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<sql::BigInt, Sqlite>>::from_sql(value)?;
        let moment = DateTime::from_timestamp_micros(micros).ok_or("an instant beyond the calendar")?;
        Ok(Self(moment))
    }
}

impl ToSql<Moment, Sqlite> for StoredMoment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

/// An amount on its way in or out of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Amount)]
pub struct StoredAmount(pub Money);

impl FromSql<Amount, Pg> for StoredAmount {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let decimal = <BigDecimal as FromSql<sql::Numeric, Pg>>::from_sql(value)?;
        // Sums of stored amounts may have more digits than an amount that comes from outside.
        let (minor, _) = decimal.with_scale(Money::DECIMALS).into_bigint_and_exponent();
        Ok(Self(Money::from_minor(i64::try_from(minor)?)))
    }
}

impl ToSql<Amount, Pg> for StoredAmount {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let decimal = self.0.to_decimal();
        <BigDecimal as ToSql<sql::Numeric, Pg>>::to_sql(&decimal, &mut out.reborrow())
    }
}

impl FromSql<Amount, Sqlite> for StoredAmount {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<sql::BigInt, Sqlite>>::from_sql(value).map(|minor| Self(Money::from_minor(minor)))
    }
}

impl ToSql<Amount, Sqlite> for StoredAmount {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.minor());
        Ok(IsNull::No)
    }
}
