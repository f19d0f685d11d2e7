//! Reading the room, or what has changed in it, on SQLite: every change of a ticket is stamped with its place
//! among all changes, and they are committed in that order.

use diesel::{
    dsl::sql,
    prelude::*,
    result::Error,
    sql_types::{BigInt, Bool},
};
use domain::waiting_room::{MEASURED_FOR, RoomContents, RoomMark, RoomReading, TicketNews};

use super::{moment, row_error};
use crate::{
    queries,
    room_rows::{RoomRow, TicketRow, whole},
    schema::{queue_tickets, waiting_room},
    sql_types::StoredMoment,
};

/// The whole room; or what has changed since an earlier reading.
pub(super) fn read_room(
    connection: &mut SqliteConnection,
    since: Option<&RoomMark>,
    now: StoredMoment,
) -> Result<RoomReading, Error> {
    let room: RoomRow = waiting_room::table.select(RoomRow::as_select()).get_result(connection)?;
    let changes: i64 = waiting_room::table.select(sql::<BigInt>("changes")).get_result(connection)?;
    let since = since.and_then(|since| since.0.parse::<i64>().ok());
    // A file that has gone back, restored from a copy, can not say what has changed.
    let contents = match since.filter(|since| *since <= changes) {
        Some(since) => read_changes(connection, since)?,
        None => read_whole(connection, now)?,
    };
    room.reading(changes.to_string(), now, contents).map_err(row_error)
}

fn read_changes(connection: &mut SqliteConnection, since: i64) -> Result<RoomContents, Error> {
    let changed = queue_tickets::table.filter(sql::<Bool>("changed_in > ").bind::<BigInt, _>(since));
    let rows: Vec<TicketRow> = changed.select(TicketRow::as_select()).load(connection)?;
    let news = rows.into_iter().map(|row| TicketNews::try_from(row).map_err(row_error));
    Ok(RoomContents::Changed(news.collect::<Result<_, _>>()?))
}

fn read_whole(connection: &mut SqliteConnection, now: StoredMoment) -> Result<RoomContents, Error> {
    let numbers: Vec<(i64, bool)> = queries::waiting_tickets()
        .order(queue_tickets::number)
        .select((queue_tickets::number, queue_tickets::passed_over))
        .load(connection)?;
    let turns = queries::turns_live_at(now).select(TicketRow::as_select()).load(connection)?;
    let admitted: Vec<StoredMoment> = queries::admitted_after(moment(now.0 - MEASURED_FOR))
        .select(queue_tickets::admitted_at.assume_not_null())
        .load(connection)?;
    whole(&numbers, turns, &admitted).map_err(row_error)
}
