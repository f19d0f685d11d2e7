//! The waiting room on SQLite.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    waiting_room::{
        EndReason, Joined, Left, Newcomer, PolicyChange, RollCall, RoomMark, RoomPolicy, RoomReading, Ticket,
        WaitingRoom,
    },
};

use super::{SqliteStore, moment, room_changes, room_reading::read_room, row_error};
use crate::{
    fail_points::StoredChange,
    kept, queries,
    room_rows::{EndColumns, RoomRow, TicketRow},
    schema::{queue_tickets, waiting_room},
    sql_types::{StoredId, StoredMoment},
};

#[async_trait]
impl WaitingRoom for SqliteStore {
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError> {
        self.room.join(newcomer).await
    }

    async fn find(&self, ticket: TicketId) -> Result<Option<Ticket>, StorageError> {
        let row = self.readers.read(move |connection| find_ticket(connection, ticket)).await?;
        row.map(Ticket::try_from).transpose()
    }

    async fn claim(&self, ticket: TicketId, user: UserId) -> Result<Option<Ticket>, StorageError> {
        let found = self.readers.read(move |connection| ticket_of(connection, ticket, user)).await?;
        if !found.as_ref().is_some_and(Ticket::is_unclaimed) {
            return Ok(found);
        }
        let now = self.writing_clock();
        let claim = move |connection: &mut SqliteConnection| {
            let room: RoomRow = waiting_room::table.select(RoomRow::as_select()).get_result(connection)?;
            room_changes::claim(connection, ticket, &room.policy().map_err(row_error)?, moment(now()))?;
            ticket_of(connection, ticket, user)
        };
        self.writer.write(StoredChange::ClaimTurn, claim).await
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
        let now = moment(self.clock.now());
        self.room_reader.read(move |connection| read_room(connection, since.as_ref(), now)).await
    }
}

fn find_ticket(connection: &mut SqliteConnection, id: TicketId) -> Result<Option<TicketRow>, Error> {
    queue_tickets::table.find(StoredId(id.0)).select(TicketRow::as_select()).get_result(connection).optional()
}

/// A user's ticket, for a decision about whether it is its turn.
pub(super) fn ticket_of(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    user: UserId,
) -> Result<Option<Ticket>, Error> {
    let row = find_ticket(connection, ticket)?.filter(|row| row.user_id == StoredId(user.0));
    row.map(Ticket::try_from).transpose().map_err(row_error)
}

/// Whether it is the turn of a user's ticket at `now`.
pub(super) fn is_turn(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    user: UserId,
    now: StoredMoment,
) -> Result<bool, Error> {
    let turn = queries::turns_live_at(now)
        .filter(queue_tickets::id.eq(StoredId(ticket.0)))
        .filter(queue_tickets::user_id.eq(StoredId(user.0)));
    diesel::select(diesel::dsl::exists(turn)).get_result(connection)
}

/// Ends a ticket, for whatever reason.
pub(super) fn end_ticket(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    reason: EndReason,
    now: StoredMoment,
) -> Result<(), Error> {
    kept::update(queue_tickets::table.find(StoredId(ticket.0)))
        .set(EndColumns::of(reason, now))
        .execute(connection)
        .map(|_| ())
}
