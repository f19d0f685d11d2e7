//! Updates whose prepared form the connection keeps.
//!
//! Diesel prepares each `UPDATE` anew, since a changeset may leave columns out. These must not: tuples of assignments
//! can not, and a struct that derives both `AsChangeset` and `QueryId`, and has columns that may be null, says
//! `treat_none_as_null`.

use std::marker::PhantomData;

use diesel::{
    AsChangeset, QueryResult, QuerySource, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, IntoUpdateTarget, QueryFragment, QueryId, UpdateTarget},
};

/// An update that is prepared once a connection.
pub(crate) struct KeptUpdate<T: QuerySource, W, V: AsChangeset> {
    table: T::FromClause,
    condition: W,
    values: V::Changeset,
}

/// An update that does not say yet what is changed.
pub(crate) struct Target<T, W>(UpdateTarget<T, W>);

/// Changes rows as [`diesel::update`] does: `update(target).set(values)`. With a list of values on SQLite it is prepared anew
/// each time, too.
pub(crate) fn update<T: IntoUpdateTarget>(target: T) -> Target<T::Table, T::WhereClause> {
    Target(target.into_update_target())
}

impl<T: QuerySource, W> Target<T, W> {
    /// What the columns are changed to: at least one.
    pub(crate) fn set<V>(self, values: V) -> KeptUpdate<T, W, V>
    where
        V: AsChangeset<Target = T> + QueryId,
    {
        let UpdateTarget { table, where_clause } = self.0;
        KeptUpdate { table: table.from_clause(), condition: where_clause, values: values.as_changeset() }
    }
}

impl<T, W, V, DB> QueryFragment<DB> for KeptUpdate<T, W, V>
where
    DB: Backend,
    T: QuerySource,
    T::FromClause: QueryFragment<DB>,
    W: QueryFragment<DB>,
    V: AsChangeset,
    V::Changeset: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.values.walk_ast(out.reborrow())?;
        self.condition.walk_ast(out)
    }
}

impl<T, W, V> QueryId for KeptUpdate<T, W, V>
where
    T: QuerySource + QueryId,
    W: QueryId,
    V: AsChangeset + QueryId,
{
    type QueryId = Updates<T::QueryId, W::QueryId, V::QueryId>;
    const HAS_STATIC_QUERY_ID: bool =
        T::HAS_STATIC_QUERY_ID && W::HAS_STATIC_QUERY_ID && V::HAS_STATIC_QUERY_ID;
}

/// The key of an update: its table, condition and columns.
pub(crate) struct Updates<T, W, V>(PhantomData<(T, W, V)>);

impl<T: QuerySource, W, V: AsChangeset, C> RunQueryDsl<C> for KeptUpdate<T, W, V> {}

#[cfg(test)]
mod tests {
    use diesel::{debug_query, sqlite::Sqlite};
    use domain::{
        time::Timestamp,
        waiting_room::{RollKept, RoomPolicy},
    };

    use super::*;
    use crate::{
        room_rows::{RollColumns, TurnColumns},
        schema::{queue_tickets, waiting_room},
        sql_types::StoredMoment,
    };

    fn text<V>(table: V::Target, values: V) -> String
    where
        V: AsChangeset + QueryId,
        V::Target: IntoUpdateTarget<Table = V::Target>,
        KeptUpdate<V::Target, <V::Target as IntoUpdateTarget>::WhereClause, V>: QueryFragment<Sqlite>,
    {
        let update = update(table).set(values);
        debug_query::<Sqlite, _>(&update).to_string().split(" -- ").next().unwrap().to_owned()
    }

    #[test]
    fn what_is_null_is_no_other_statement() {
        let now = Timestamp::UNIX_EPOCH;
        let turn = |claimed| TurnColumns::beginning(&RoomPolicy::default(), claimed, StoredMoment(now)).0;
        assert_eq!(text(queue_tickets::table, turn(false)), text(queue_tickets::table, turn(true)));
        let roll = |called_at| RollColumns::try_from(&RollKept { called_at, up_to: 1 }).unwrap();
        assert_eq!(text(waiting_room::table, roll(None)), text(waiting_room::table, roll(Some(now))));
    }
}
