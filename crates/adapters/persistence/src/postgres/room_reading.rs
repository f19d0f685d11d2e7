//! Reading the room, or what has changed in it, on PostgreSQL.
//!
//! Every change of a ticket is stamped with its transaction. An instance remembers the snapshot of its last
//! reading, and asks for the tickets whose transaction that snapshot could not see: so that nothing is missed,
//! whatever order transactions commit in, and what has not changed costs nothing.

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::waiting_room::{MEASURED_FOR, RoomContents, RoomMark, RoomReading, TicketNews};

use super::{
    connect::WHOLE_TABLES,
    moment,
    room_lock::read_clock,
    row_error,
    statement::{SqlText, Statement, values},
};
use crate::{
    queries,
    room_rows::{RoomColumns, RoomRow, TicketColumns, TicketRow, whole},
    schema::queue_tickets,
    sql_types::{Moment, StoredMoment},
};

struct ReadChanges;

/// The room's row once, or once for each ticket that has changed. What a snapshot can see is older than its
/// upper end: stamps beyond it are left from another server, if the database was restored from a dump.
impl SqlText for ReadChanges {
    const SQL: &'static str = "
        SELECT pg_current_snapshot()::text || '@' || pg_backend_pid(), clock_timestamp(),
               room.id, room.last_number, room.strategy, room.max_active, room.admit_count, room.interval_seconds,
               room.session_seconds, room.claim_seconds, room.state, room.roll_called_at, room.roll_up_to,
               tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
               tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at
        FROM waiting_room AS room
        LEFT JOIN queue_tickets AS tickets
            ON tickets.changed_in >= pg_snapshot_xmin({}::text::pg_snapshot)
            AND tickets.changed_in < pg_snapshot_xmax(pg_current_snapshot())
            AND NOT pg_visible_in_snapshot(tickets.changed_in, {}::text::pg_snapshot)";
    type Columns = (Text, Moment, RoomColumns, Nullable<TicketColumns>);
}

/// The snapshot of a mark, and the connection that took it: `xmin:xmax:xip_list@process`. A server that is
/// started again hands out transactions anew that left no trace, so that a snapshot is good on its connection alone.
fn parts(mark: &RoomMark) -> Option<(&str, &str)> {
    mark.0.split_once('@')
}

/// Beyond which transaction a mark's snapshot sees nothing.
fn upper_end(mark: &RoomMark) -> Option<u64> {
    parts(mark)?.0.split(':').nth(1)?.parse().ok()
}

/// Whether what has changed since the earlier mark can be told from the later one.
fn follows(later: &RoomMark, earlier: &RoomMark) -> bool {
    let process = |mark| parts(mark).map(|(_, process)| process);
    process(later) == process(earlier) && upper_end(later) >= upper_end(earlier)
}

/// What has changed since an earlier reading. None when nobody can say: the reading was made on another
/// connection, or the server has gone back behind it, as one that took over from another and had not heard of
/// everything.
pub(super) async fn read_changes(
    connection: &mut AsyncPgConnection,
    since: &RoomMark,
) -> Result<Option<RoomReading>, Error> {
    let Some((snapshot, _)) = parts(since) else { return Ok(None) };
    let statement = Statement::<ReadChanges>::new(values![snapshot.to_owned(), snapshot.to_owned()]);
    let rows: Vec<(String, StoredMoment, RoomRow, Option<TicketRow>)> = statement.load(connection).await?;
    let mut head = None;
    let mut news = Vec::with_capacity(rows.len());
    for (mark, now, room, ticket) in rows {
        head.get_or_insert((mark, now, room));
        if let Some(ticket) = ticket {
            news.push(TicketNews::try_from(ticket).map_err(row_error)?);
        }
    }
    let (mark, now, room) = head.ok_or(Error::NotFound)?;
    let reading = room.reading(mark, now, RoomContents::Changed(news)).map_err(row_error)?;
    Ok(follows(&reading.mark, since).then_some(reading))
}

/// The whole room; in a transaction whose every question sees the same snapshot.
pub(super) async fn read_whole(connection: &mut AsyncPgConnection) -> Result<RoomReading, Error> {
    connection.batch_execute(WHOLE_TABLES).await?;
    let now = moment(read_clock(connection).await?);
    let snapshot =
        diesel::select(diesel::dsl::sql::<Text>("pg_current_snapshot()::text || '@' || pg_backend_pid()"));
    let snapshot: String = snapshot.get_result(connection).await?;
    let room = crate::schema::waiting_room::table.select(RoomRow::as_select()).first(connection).await?;
    let numbers = queries::waiting_tickets()
        .order(queue_tickets::number)
        .select((queue_tickets::number, queue_tickets::passed_over))
        .load::<(i64, bool)>(connection)
        .await?;
    let turns =
        queries::turns_live_at(now).select(TicketRow::as_select()).load::<TicketRow>(connection).await?;
    let admitted = queries::admitted_after(moment(now.0 - MEASURED_FOR))
        .select(queue_tickets::admitted_at.assume_not_null())
        .load::<StoredMoment>(connection)
        .await?;
    let contents = whole(&numbers, turns, &admitted).map_err(row_error)?;
    room.reading(snapshot, now, contents).map_err(row_error)
}
