//! Updates whose prepared form the connection keeps.
//!
//! Diesel prepares each `UPDATE` anew, since a changeset may leave columns out. But a prepared form is kept by the text of
//! its statement, which tells that, too.

use diesel::{
    AsChangeset, QueryResult, QuerySource, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, IntoUpdateTarget, QueryFragment, QueryId, UpdateTarget},
};

/// An update that is prepared once a connection.
pub(crate) struct KeptUpdate<T: QuerySource, W, S> {
    table: T::FromClause,
    condition: W,
    values: S,
}

/// Changes rows as [`diesel::update`] does: `update(target).set(values)`. With a list of values on SQLite it is prepared anew
/// each time, too.
pub(crate) fn update<T: IntoUpdateTarget>(target: T) -> KeptUpdate<T::Table, T::WhereClause, ()> {
    let UpdateTarget { table, where_clause } = target.into_update_target();
    KeptUpdate { table: table.from_clause(), condition: where_clause, values: () }
}

impl<T: QuerySource, W> KeptUpdate<T, W, ()> {
    /// What the columns are changed to: at least one.
    pub(crate) fn set<V>(self, values: V) -> KeptUpdate<T, W, V::Changeset>
    where
        V: AsChangeset<Target = T>,
    {
        KeptUpdate { table: self.table, condition: self.condition, values: values.as_changeset() }
    }
}

impl<T, W, S, DB> QueryFragment<DB> for KeptUpdate<T, W, S>
where
    DB: Backend,
    T: QuerySource,
    T::FromClause: QueryFragment<DB>,
    W: QueryFragment<DB>,
    S: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.values.walk_ast(out.reborrow())?;
        self.condition.walk_ast(out)
    }
}

impl<T: QuerySource, W, S> QueryId for KeptUpdate<T, W, S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: QuerySource, W, S, C> RunQueryDsl<C> for KeptUpdate<T, W, S> {}
