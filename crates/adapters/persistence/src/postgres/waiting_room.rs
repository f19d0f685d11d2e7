//! The waiting room on PostgreSQL. Its one row is its lock: see [`super::room_lock`].

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::Timestamp,
    waiting_room::{
        EndReason, Joined, Left, MEASURED_FOR, Newcomer, PolicyChange, RoomOverview, RoomPolicy, Standing,
        Ticket, WaitingRoom,
    },
};
use futures_util::future::{try_join, try_join3};

use super::{
    PostgresStore, count,
    errors::{storage_error, violates},
    moment,
    room_lock::{LockedRoom, lock_room, read_clock},
    row_error, to_its_end,
};
use crate::{
    codes::{Code, TicketStatus},
    queries,
    rows::{PolicyColumns, RoomRow, TicketRow},
    schema::{queue_tickets, waiting_room},
    sql_types::{StoredId, StoredMoment},
};

#[async_trait]
impl WaitingRoom for PostgresStore {
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError> {
        let mut connection = self.connection().await?;
        to_its_end(async move {
            match connection.transaction(async |connection| join(connection, newcomer).await).await {
                Err(error) if violates(&error, "queue_tickets_user_id_fkey") => Ok(Joined::UnknownUser),
                joined => joined,
            }
        })
        .await
    }

    async fn standing(&self, ticket: TicketId) -> Result<Option<Standing>, StorageError> {
        let connection = self.connection().await?;
        find_standing(&connection, ticket).await.map_err(storage_error)
    }

    async fn turn(&self, ticket: TicketId, user: UserId) -> Result<Option<Standing>, StorageError> {
        let connection = self.connection().await?;
        turn_of(&connection, ticket, user).await.map_err(storage_error)
    }

    async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError> {
        let mut connection = self.connection().await?;
        to_its_end(
            async move { connection.transaction(async |connection| leave(connection, ticket).await).await },
        )
        .await
    }

    async fn admit(&self) -> Result<u64, StorageError> {
        let mut connection = self.connection().await?;
        to_its_end(async move { connection.transaction(async |connection| admit(connection).await).await })
            .await
    }

    async fn overview(&self) -> Result<RoomOverview, StorageError> {
        let connection = self.connection().await?;
        overview(&connection).await.map_err(storage_error)
    }

    async fn change_policy(&self, change: &PolicyChange) -> Result<RoomPolicy, StorageError> {
        let change = *change;
        let mut connection = self.connection().await?;
        to_its_end(async move {
            connection
                .transaction(async |connection| {
                    let policy = change.apply_to(lock_room(connection).await?.policy);
                    let columns = PolicyColumns::try_from(&policy).map_err(row_error)?;
                    diesel::update(waiting_room::table).set(columns).execute(connection).await?;
                    Ok(policy)
                })
                .await
        })
        .await
    }
}

async fn find_ticket(connection: &AsyncPgConnection, id: TicketId) -> Result<Option<TicketRow>, Error> {
    let ticket = queue_tickets::table.find(StoredId(id.0)).select(TicketRow::as_select());
    ticket.first(&mut &*connection).await.optional()
}

async fn find_standing(connection: &AsyncPgConnection, id: TicketId) -> Result<Option<Standing>, Error> {
    let (row, now) = try_join(find_ticket(connection, id), read_clock(connection)).await?;
    let Some(row) = row else { return Ok(None) };
    standing(connection, row, now).await.map(Some)
}

/// A user's ticket for a decision about whether it is its turn. The room is counted only if it waits: then
/// the counts are part of the refusal, otherwise nobody is told them.
pub(super) async fn turn_of(
    connection: &AsyncPgConnection,
    ticket: TicketId,
    user: UserId,
) -> Result<Option<Standing>, Error> {
    let row = find_ticket(connection, ticket).await?.filter(|row| row.user_id == StoredId(user.0));
    let Some(row) = row else { return Ok(None) };
    if row.waits() {
        let now = read_clock(connection).await?;
        return standing(connection, row, now).await.map(Some);
    }
    let ticket = Ticket::try_from(row).map_err(row_error)?;
    Ok(Some(Standing { ticket, ahead: 0, waiting: 0, admitted_lately: 0 }))
}

async fn standing(connection: &AsyncPgConnection, row: TicketRow, now: Timestamp) -> Result<Standing, Error> {
    let (ahead, waiting, admitted_lately) = try_join3(
        async {
            if !row.waits() {
                return Ok(0);
            }
            queries::waiting_ahead_of(row.number).count().get_result::<i64>(&mut &*connection).await
        },
        queries::waiting_tickets().count().get_result::<i64>(&mut &*connection),
        queries::admitted_after(moment(now - MEASURED_FOR)).count().get_result::<i64>(&mut &*connection),
    )
    .await?;
    Ok(Standing {
        ticket: Ticket::try_from(row).map_err(row_error)?,
        ahead: count(ahead)?,
        waiting: count(waiting)?,
        admitted_lately: count(admitted_lately)?,
    })
}

async fn join(connection: &mut AsyncPgConnection, newcomer: Newcomer) -> Result<Joined, Error> {
    let room = lock_room(connection).await?;
    end_run_out_turns(connection, room.now).await?;
    let live = queue_tickets::table
        .filter(queue_tickets::user_id.eq(StoredId(newcomer.user.0)))
        .filter(queue_tickets::status.ne(TicketStatus::Ended.word()))
        .select(queue_tickets::id)
        .first::<StoredId>(connection)
        .await
        .optional()?;
    if live.is_none() {
        if !room.policy.takes_newcomers() {
            return Ok(Joined::Closed);
        }
        issue_ticket(connection, newcomer, &room).await?;
    }
    fill_free_slots(connection, &room).await?;
    let ticket = live.map_or(newcomer.ticket, |id| TicketId(id.0));
    let row = find_ticket(connection, ticket).await?.ok_or(Error::NotFound)?;
    let joined = if live.is_some() { Joined::Again } else { Joined::Issued };
    standing(connection, row, room.now).await.map(joined)
}

async fn issue_ticket(
    connection: &mut AsyncPgConnection,
    newcomer: Newcomer,
    room: &LockedRoom,
) -> Result<(), Error> {
    let number = room.last_number + 1;
    diesel::update(waiting_room::table).set(waiting_room::last_number.eq(number)).execute(connection).await?;
    let row = TicketRow::issued(newcomer, number, moment(room.now));
    diesel::insert_into(queue_tickets::table).values(row).execute(connection).await.map(|_| ())
}

async fn leave(connection: &mut AsyncPgConnection, ticket: TicketId) -> Result<Left, Error> {
    let room = lock_room(connection).await?;
    end_run_out_turns(connection, room.now).await?;
    let live = queue_tickets::table
        .find(StoredId(ticket.0))
        .filter(queue_tickets::status.ne(TicketStatus::Ended.word()));
    let ended = diesel::update(live)
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason.eq(Some(EndReason::Left.word())),
            queue_tickets::ended_at.eq(Some(moment(room.now))),
        ))
        .execute(connection)
        .await?;
    fill_free_slots(connection, &room).await?;
    Ok(if ended == 1 { Left::Done } else { Left::NotLive })
}

async fn end_run_out_turns(connection: &mut AsyncPgConnection, now: Timestamp) -> Result<(), Error> {
    let run_out = queue_tickets::table
        .filter(queue_tickets::status.eq(TicketStatus::Active.word()))
        .filter(queue_tickets::expires_at.le(moment(now)));
    diesel::update(run_out)
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason.eq(Some(EndReason::TimedOut.word())),
            queue_tickets::ended_at.eq(queue_tickets::expires_at),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

async fn admit(connection: &mut AsyncPgConnection) -> Result<u64, Error> {
    let room = lock_room(connection).await?;
    end_run_out_turns(connection, room.now).await?;
    fill_free_slots(connection, &room).await
}

/// Admits as many of those who wait, first come first, as the policy allows.
async fn fill_free_slots(connection: &mut AsyncPgConnection, room: &LockedRoom) -> Result<u64, Error> {
    let admissible = room.policy.admissible(room.occupancy(connection).await?);
    if admissible == 0 {
        return Ok(0);
    }
    let next: Vec<StoredId> = queries::waiting_tickets()
        .order(queue_tickets::number)
        .select(queue_tickets::id)
        .limit(i64::try_from(admissible).unwrap_or(i64::MAX))
        .load(connection)
        .await?;
    let admitted = diesel::update(queue_tickets::table.filter(queue_tickets::id.eq_any(next)))
        .set((
            queue_tickets::status.eq(TicketStatus::Active.word()),
            queue_tickets::admitted_at.eq(Some(moment(room.now))),
            queue_tickets::expires_at.eq(Some(moment(room.now + room.policy.session))),
        ))
        .execute(connection)
        .await?;
    count(i64::try_from(admitted).unwrap_or(i64::MAX))
}

async fn overview(connection: &AsyncPgConnection) -> Result<RoomOverview, Error> {
    let now: Timestamp = read_clock(connection).await?;
    let now_stored: StoredMoment = moment(now);
    let room = waiting_room::table.select(RoomRow::as_select()).first(&mut &*connection);
    let counts = try_join3(
        queries::waiting_tickets().count().get_result::<i64>(&mut &*connection),
        queries::turns_live_at(now_stored).count().get_result::<i64>(&mut &*connection),
        queries::admitted_after(moment(now - MEASURED_FOR)).count().get_result::<i64>(&mut &*connection),
    );
    let (room, (waiting, active, admitted_lately)) = try_join(room, counts).await?;
    Ok(RoomOverview {
        policy: room.policy().map_err(row_error)?,
        waiting: count(waiting)?,
        active: count(active)?,
        issued: count(room.last_number)?,
        admitted_lately: count(admitted_lately)?,
    })
}
