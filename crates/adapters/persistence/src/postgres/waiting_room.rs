//! The waiting room on PostgreSQL. Its one row is its lock: see [`super::room_lock`].

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::{prelude::*, result::Error, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    waiting_room::{
        Joined, Left, Newcomer, PolicyChange, RollCall, RoomMark, RoomPolicy, RoomReading, Ticket,
        WaitingRoom,
    },
};
use futures_util::future::try_join;

use super::{
    PostgresStore, committing,
    errors::storage_error,
    lending::Connection,
    room_reading::{read_changes, read_whole},
    row_error,
    statement::{SqlText, Statement, values},
    to_its_end,
};
use crate::{
    fail_points::StoredChange,
    room_rows::{TicketColumns, TicketRow},
    schema::queue_tickets,
    sql_types::StoredId,
};

#[async_trait]
impl WaitingRoom for PostgresStore {
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError> {
        self.room.join(newcomer).await
    }

    async fn find(&self, ticket: TicketId) -> Result<Option<Ticket>, StorageError> {
        let row = find_ticket(&*self.connection().await?, ticket).await.map_err(storage_error)?;
        row.map(Ticket::try_from).transpose()
    }

    async fn claim(&self, ticket: TicketId, user: UserId) -> Result<Option<Ticket>, StorageError> {
        let found = self.lines.claims.ask((user, ticket)).await??;
        if !found.as_ref().is_some_and(Ticket::is_unclaimed) {
            return Ok(found);
        }
        // The turn came between the two questions, or somebody else had the ticket locked.
        let connection = self.connection().await?;
        let found = claim_and_find::<ClaimAlone>(&connection, &[(user, ticket)]).await;
        found.map_err(storage_error)?.pop().unwrap_or(Ok(None))
    }

    async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError> {
        self.room.leave(ticket).await
    }

    async fn admit(&self) -> Result<u64, StorageError> {
        self.room.admit().await
    }

    async fn call_roll(&self, roll: &RollCall) -> Result<u64, StorageError> {
        self.room.call_roll(roll.clone()).await
    }

    async fn change_policy(&self, change: &PolicyChange) -> Result<RoomPolicy, StorageError> {
        self.room.change_policy(*change).await
    }

    async fn read_room(&self, since: Option<RoomMark>) -> Result<RoomReading, StorageError> {
        let mut connection = self.readings.lend().await?;
        if let Some(since) = since
            && let Some(changes) = read_changes(&mut connection, &since).await.map_err(storage_error)?
        {
            return Ok(changes);
        }
        to_its_end(async move {
            let mut whole = connection.build_transaction().read_only().repeatable_read();
            whole.run(async |connection| read_whole(connection).await).await
        })
        .await
    }
}

async fn find_ticket(connection: &AsyncPgConnection, id: TicketId) -> Result<Option<TicketRow>, Error> {
    let ticket = queue_tickets::table.find(StoredId(id.0)).select(TicketRow::as_select());
    ticket.first(&mut &*connection).await.optional()
}

/// A user's ticket, for a decision about whether it is its turn.
pub(super) async fn ticket_of(
    connection: &AsyncPgConnection,
    ticket: TicketId,
    user: UserId,
) -> Result<Option<Ticket>, Error> {
    let row = find_ticket(connection, ticket).await?.filter(|row| row.user_id == StoredId(user.0));
    row.map(Ticket::try_from).transpose().map_err(row_error)
}

/// Tickets that decisions are about, by whose they are.
pub(super) struct Tickets(HashMap<(UserId, TicketId), TicketRow>);

impl Tickets {
    /// A user's ticket; none when there is no such ticket of this user.
    pub(super) fn of(&self, user: UserId, ticket: TicketId) -> Result<Option<Ticket>, StorageError> {
        self.0.get(&(user, ticket)).cloned().map(Ticket::try_from).transpose()
    }
}

struct FindTickets;

impl SqlText for FindTickets {
    const SQL: &'static str = "
        SELECT tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
               tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at
        FROM unnest({}::uuid[], {}::uuid[]) AS asked (ticket, user_id)
        CROSS JOIN LATERAL (
            SELECT * FROM queue_tickets WHERE id = asked.ticket AND user_id = asked.user_id LIMIT 1
        ) AS tickets";
    type Columns = TicketColumns;
}

/// Users' tickets.
pub(super) async fn find_tickets(
    connection: &AsyncPgConnection,
    asked: impl Iterator<Item = (UserId, TicketId)>,
) -> Result<Tickets, Error> {
    let (users, tickets): (Vec<_>, Vec<_>) =
        asked.map(|(user, ticket)| (StoredId(user.0), StoredId(ticket.0))).unzip();
    let statement = Statement::<FindTickets>::new(values![tickets, users]);
    let rows: Vec<TicketRow> = statement.load(&mut &*connection).await?;
    Ok(Tickets(rows.into_iter().map(|row| ((UserId(row.user_id.0), TicketId(row.id.0)), row)).collect()))
}

/// Needs no lock of the room: a claim makes a turn last longer that is live anyhow, and frees no slot. Whoever
/// ends turns that have run out meets the ticket's own lock. What can not be claimed is not locked: those who only ask how
/// their tickets are write nothing. The conditions are one that no index could answer but the id's.
macro_rules! claim_turns {
    ($locked:literal) => {
        concat!(
            "
        WITH asked AS MATERIALIZED (
            SELECT * FROM unnest({}::uuid[], {}::uuid[]) AS asked (ticket, user_id)
        ),
        due AS MATERIALIZED (
            SELECT wanted.ticket
            FROM (SELECT * FROM asked ORDER BY ticket) AS wanted
            CROSS JOIN LATERAL (
                SELECT FROM queue_tickets
                WHERE id = wanted.ticket
                  AND CASE WHEN user_id = wanted.user_id AND status = 'ACTIVE' AND claimed_at IS NULL
                                AND expires_at > clock_timestamp() THEN true END
                LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS turn
        )
        UPDATE queue_tickets
        SET claimed_at = clock_timestamp(),
            expires_at = clock_timestamp() + make_interval(secs => waiting_room.session_seconds)
        FROM due, waiting_room
        WHERE queue_tickets.id = due.ticket"
        )
    };
}

struct ClaimTogether;

impl SqlText for ClaimTogether {
    const SQL: &'static str = claim_turns!(" SKIP LOCKED");
    type Columns = BigInt;
}

struct ClaimAlone;

impl SqlText for ClaimAlone {
    const SQL: &'static str = claim_turns!("");
    type Columns = BigInt;
}

/// Claims the turns of those whose turn it is, and tells of all tickets how they are then. Whoever is passed over because the
/// ticket is locked is told of a turn that is not claimed.
pub(super) async fn claim(
    connection: Connection,
    asked: Vec<(UserId, TicketId)>,
) -> Result<Vec<Result<Option<Ticket>, StorageError>>, Error> {
    claim_and_find::<ClaimTogether>(&connection, &asked).await
}

async fn claim_and_find<S: SqlText>(
    connection: &AsyncPgConnection,
    asked: &[(UserId, TicketId)],
) -> Result<Vec<Result<Option<Ticket>, StorageError>>, Error> {
    let tickets: Vec<_> = asked.iter().map(|(_, ticket)| StoredId(ticket.0)).collect();
    let users: Vec<_> = asked.iter().map(|(user, _)| StoredId(user.0)).collect();
    let claim = Statement::<S>::new(values![tickets, users]);
    // Both are under way at once, and the server answers the second after the first.
    let claimed = try_join(claim.execute(&mut &*connection), find_tickets(connection, asked.iter().copied()));
    let (_, found) = committing(StoredChange::ClaimTurn, claimed).await?;
    Ok(asked.iter().map(|(user, ticket)| found.of(*user, *ticket)).collect())
}
