//! What tickets are asked for, in the very words of the indexes that hold no others.
//!
//! A word that was bound as a value would be as true, but a store that plans a statement before it knows the
//! values would not find such an index: it would read every ticket there ever was.

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    backend::Backend,
    expression::ValidGrouping,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Bool,
};

use crate::schema::queue_tickets;

macro_rules! condition {
    ($(#[$comment:meta] $name:ident: $sql:literal;)*) => {
        $(
            #[$comment]
            #[derive(Clone, Copy, Debug, QueryId, ValidGrouping)]
            pub(crate) struct $name;

            impl Expression for $name {
                type SqlType = Bool;
            }

            impl AppearsOnTable<queue_tickets::table> for $name {}

            impl SelectableExpression<queue_tickets::table> for $name {}

            impl<DB: Backend> QueryFragment<DB> for $name {
                fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                    out.push_sql($sql);
                    Ok(())
                }
            }
        )*
    };
}

condition! {
    /// Whoever waits.
    Waiting: "(queue_tickets.status = 'WAITING')";
    /// Whoever waits and was not passed over.
    WaitingAndThere: "(queue_tickets.status = 'WAITING' AND NOT queue_tickets.passed_over)";
    /// Whoever waits or has the turn.
    Live: "(queue_tickets.status <> 'ENDED')";
    /// Whoever has the turn, or had it when somebody last looked.
    Active: "(queue_tickets.status = 'ACTIVE')";
}
