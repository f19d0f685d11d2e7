//! The waiting room on SQLite. The writing thread is the room's lock.

use async_trait::async_trait;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind::ForeignKeyViolation, Error},
};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    waiting_room::{
        EndReason, Joined, Left, MEASURED_FOR, Newcomer, Occupancy, PolicyChange, RoomOverview, RoomPolicy,
        Standing, Ticket, WaitingRoom,
    },
};

use super::{SqliteStore, count, moment, row_error, writer::WriteError};
use crate::{
    codes::{Code, TicketStatus},
    queries,
    rows::{PolicyColumns, RoomRow, TicketRow},
    schema::{queue_tickets, waiting_room},
    sql_types::{StoredId, StoredMoment},
};

#[async_trait]
impl WaitingRoom for SqliteStore {
    async fn join(&self, newcomer: Newcomer) -> Result<Joined, StorageError> {
        let now = self.writing_clock();
        match self.writer.change(move |connection| join(connection, newcomer, moment(now()))).await {
            Ok(joined) => Ok(joined),
            // The one foreign key that joining adds is the ticket's user.
            Err(WriteError::Refused(Error::DatabaseError(ForeignKeyViolation, _))) => Ok(Joined::UnknownUser),
            Err(error) => Err(error.into_storage()),
        }
    }

    async fn standing(&self, ticket: TicketId) -> Result<Option<Standing>, StorageError> {
        let now = moment(self.clock.now());
        let question = move |connection: &mut SqliteConnection| {
            let Some(row) = find_ticket(connection, ticket)? else { return Ok(None) };
            standing(connection, row, now).map(Some)
        };
        self.readers.read(question).await
    }

    async fn turn(&self, ticket: TicketId, user: UserId) -> Result<Option<Standing>, StorageError> {
        let now = moment(self.clock.now());
        self.readers.read(move |connection| turn_of(connection, ticket, user, now)).await
    }

    async fn leave(&self, ticket: TicketId) -> Result<Left, StorageError> {
        let now = self.writing_clock();
        self.writer.write(move |connection| leave(connection, ticket, moment(now()))).await
    }

    async fn admit(&self) -> Result<u64, StorageError> {
        let now = self.writing_clock();
        self.writer.write(move |connection| admit(connection, moment(now()))).await
    }

    async fn overview(&self) -> Result<RoomOverview, StorageError> {
        let now = moment(self.clock.now());
        self.readers.read(move |connection| overview(connection, now)).await
    }

    async fn change_policy(&self, change: &PolicyChange) -> Result<RoomPolicy, StorageError> {
        let change = *change;
        let write = move |connection: &mut SqliteConnection| {
            let policy = change.apply_to(find_room(connection)?.policy().map_err(row_error)?);
            let columns = PolicyColumns::try_from(&policy).map_err(row_error)?;
            diesel::update(waiting_room::table).set(columns).execute(connection)?;
            Ok(policy)
        };
        self.writer.write(write).await
    }
}

fn find_room(connection: &mut SqliteConnection) -> Result<RoomRow, Error> {
    waiting_room::table.select(RoomRow::as_select()).first(connection)
}

fn find_ticket(connection: &mut SqliteConnection, id: TicketId) -> Result<Option<TicketRow>, Error> {
    queue_tickets::table.find(StoredId(id.0)).select(TicketRow::as_select()).first(connection).optional()
}

/// A user's ticket for a decision about whether it is its turn. The room is counted only if it waits: then
/// the counts are part of the refusal, otherwise nobody is told them.
pub(super) fn turn_of(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    user: UserId,
    now: StoredMoment,
) -> Result<Option<Standing>, Error> {
    let row = find_ticket(connection, ticket)?.filter(|row| row.user_id == StoredId(user.0));
    let Some(row) = row else { return Ok(None) };
    if row.waits() {
        return standing(connection, row, now).map(Some);
    }
    let ticket = Ticket::try_from(row).map_err(row_error)?;
    Ok(Some(Standing { ticket, ahead: 0, waiting: 0, admitted_lately: 0 }))
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

fn standing(connection: &mut SqliteConnection, row: TicketRow, now: StoredMoment) -> Result<Standing, Error> {
    let ahead: i64 =
        if row.waits() { queries::waiting_ahead_of(row.number).count().get_result(connection)? } else { 0 };
    let waiting: i64 = queries::waiting_tickets().count().get_result(connection)?;
    Ok(Standing {
        ticket: Ticket::try_from(row).map_err(row_error)?,
        ahead: count(ahead)?,
        waiting: count(waiting)?,
        admitted_lately: admitted_since(connection, moment(now.0 - MEASURED_FOR))?,
    })
}

fn admitted_since(connection: &mut SqliteConnection, instant: StoredMoment) -> Result<u64, Error> {
    count(queries::admitted_after(instant).count().get_result(connection)?)
}

fn occupancy(
    connection: &mut SqliteConnection,
    policy: &RoomPolicy,
    now: StoredMoment,
) -> Result<Occupancy, Error> {
    Ok(Occupancy {
        active: count(queries::turns_live_at(now).count().get_result(connection)?)?,
        admitted_within_interval: admitted_since(connection, moment(now.0 - policy.interval))?,
    })
}

fn join(connection: &mut SqliteConnection, newcomer: Newcomer, now: StoredMoment) -> Result<Joined, Error> {
    end_run_out_turns(connection, now)?;
    let live = queue_tickets::table
        .filter(queue_tickets::user_id.eq(StoredId(newcomer.user.0)))
        .filter(queue_tickets::status.ne(TicketStatus::Ended.word()))
        .select(queue_tickets::id)
        .first::<StoredId>(connection)
        .optional()?;
    if live.is_none() {
        let room = find_room(connection)?;
        if !room.policy().map_err(row_error)?.takes_newcomers() {
            return Ok(Joined::Closed);
        }
        issue_ticket(connection, newcomer, room.last_number + 1, now)?;
    }
    admit(connection, now)?;
    let ticket = live.map_or(newcomer.ticket, |id| TicketId(id.0));
    let row = find_ticket(connection, ticket)?.ok_or(Error::NotFound)?;
    let joined = if live.is_some() { Joined::Again } else { Joined::Issued };
    standing(connection, row, now).map(joined)
}

fn issue_ticket(
    connection: &mut SqliteConnection,
    newcomer: Newcomer,
    number: i64,
    now: StoredMoment,
) -> Result<(), Error> {
    diesel::update(waiting_room::table).set(waiting_room::last_number.eq(number)).execute(connection)?;
    let row = TicketRow::issued(newcomer, number, now);
    diesel::insert_into(queue_tickets::table).values(row).execute(connection).map(|_| ())
}

fn leave(connection: &mut SqliteConnection, ticket: TicketId, now: StoredMoment) -> Result<Left, Error> {
    end_run_out_turns(connection, now)?;
    let live = queue_tickets::table
        .find(StoredId(ticket.0))
        .filter(queue_tickets::status.ne(TicketStatus::Ended.word()));
    let is_live: bool = diesel::select(diesel::dsl::exists(live)).get_result(connection)?;
    if is_live {
        end_ticket(connection, ticket, EndReason::Left, now)?;
    }
    admit(connection, now)?;
    Ok(if is_live { Left::Done } else { Left::NotLive })
}

/// Ends a ticket, for whatever reason.
pub(super) fn end_ticket(
    connection: &mut SqliteConnection,
    ticket: TicketId,
    reason: EndReason,
    now: StoredMoment,
) -> Result<(), Error> {
    diesel::update(queue_tickets::table.find(StoredId(ticket.0)))
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason.eq(Some(reason.word())),
            queue_tickets::ended_at.eq(Some(now)),
        ))
        .execute(connection)
        .map(|_| ())
}

fn end_run_out_turns(connection: &mut SqliteConnection, now: StoredMoment) -> Result<(), Error> {
    let run_out = queue_tickets::table
        .filter(queue_tickets::status.eq(TicketStatus::Active.word()))
        .filter(queue_tickets::expires_at.le(now));
    diesel::update(run_out)
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason.eq(Some(EndReason::TimedOut.word())),
            queue_tickets::ended_at.eq(queue_tickets::expires_at),
        ))
        .execute(connection)
        .map(|_| ())
}

fn admit(connection: &mut SqliteConnection, now: StoredMoment) -> Result<u64, Error> {
    end_run_out_turns(connection, now)?;
    let policy = find_room(connection)?.policy().map_err(row_error)?;
    let admissible = policy.admissible(occupancy(connection, &policy, now)?);
    let next: Vec<StoredId> = queries::waiting_tickets()
        .order(queue_tickets::number)
        .select(queue_tickets::id)
        .limit(i64::try_from(admissible).unwrap_or(i64::MAX))
        .load(connection)?;
    for ticket in &next {
        diesel::update(queue_tickets::table.find(*ticket))
            .set((
                queue_tickets::status.eq(TicketStatus::Active.word()),
                queue_tickets::admitted_at.eq(Some(now)),
                queue_tickets::expires_at.eq(Some(moment(now.0 + policy.session))),
            ))
            .execute(connection)?;
    }
    count(i64::try_from(next.len()).unwrap_or(i64::MAX))
}

fn overview(connection: &mut SqliteConnection, now: StoredMoment) -> Result<RoomOverview, Error> {
    let room = find_room(connection)?;
    Ok(RoomOverview {
        policy: room.policy().map_err(row_error)?,
        waiting: count(queries::waiting_tickets().count().get_result(connection)?)?,
        active: count(queries::turns_live_at(now).count().get_result(connection)?)?,
        issued: count(room.last_number)?,
        admitted_lately: admitted_since(connection, moment(now.0 - MEASURED_FOR))?,
    })
}
