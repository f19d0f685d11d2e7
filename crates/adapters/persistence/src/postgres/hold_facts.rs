//! What holds are decided from, loaded for many at once.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{Bool, Nullable, SmallInt},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    catalog::SeatNumber, idempotency::Operation, ids::ScheduleId, storage::StorageError, waiting_room::Ticket,
};
use futures_util::future::try_join;

use super::{
    idempotency::find_records,
    lending::Connection,
    moment,
    statement::{SqlText, Statement, values},
};
use crate::{
    hold_callers::{HoldCaller, HoldCallerColumns, select_hold_callers},
    queries,
    questions::{HoldAnswer, HoldQuestion, KeyQuestion, SeatsWithHolders},
    rows::{HolderRow, OccupancyRow, WantedSeatRow, holds_so_far, seat_seen},
    schema::reservations,
    sql_types::{Amount, Id, Moment, StoredId},
};

/// Loads what of the facts about holds changes, each with an outcome of its own. The keys are asked for last: see
/// [`find_records`].
pub(super) async fn load(
    connection: Connection,
    asked: Vec<HoldQuestion>,
) -> Result<Vec<Result<HoldAnswer, StorageError>>, Error> {
    let (callers, seats) =
        try_join(find_callers(&connection, &asked), find_seats(&connection, &asked)).await?;
    let keyed = asked.iter().filter_map(|(request, key, _)| Some((request.user, key.as_ref()?)));
    let records = find_records(&connection, Operation::HoldSeats, keyed).await?;
    let answer = |((request, key, _), (ticket, seats_held, holds_made)): (&HoldQuestion, HoldCaller)| {
        let wanted =
            request.seats.numbers().iter().filter_map(|number| seats.get(&(request.schedule, *number)));
        Ok(HoldAnswer {
            ticket: ticket.map(Ticket::try_from).transpose()?,
            recorded: records.under(request.user, key.as_ref()),
            seats: wanted.map(TryFrom::try_from).collect::<Result<_, _>>()?,
            holds: holds_so_far((seats_held, holds_made))?,
        })
    };
    Ok(asked.iter().zip(callers).map(answer).collect())
}

/// The seats of some schedules that are not free, with who holds them, schedule by schedule.
pub(super) async fn see_seats(
    mut connection: Connection,
    asked: Vec<ScheduleId>,
) -> Result<Vec<Result<SeatsWithHolders, StorageError>>, Error> {
    let ids = asked.iter().map(|id| StoredId(id.0)).collect();
    let taken =
        queries::taken_seats_with_holders(ids).select((OccupancyRow::as_select(), reservations::user_id));
    let mut schedules: HashMap<_, Vec<HolderRow>> = HashMap::new();
    for row in taken.load::<HolderRow>(&mut connection).await? {
        schedules.entry(row.0.schedule()).or_default().push(row);
    }
    let seen = |id| schedules.get(id).into_iter().flatten().map(seat_seen).collect();
    Ok(asked.iter().map(seen).collect())
}

/// Whether holds were made under these keys.
pub(super) async fn are_keys_used(
    connection: Connection,
    asked: Vec<KeyQuestion>,
) -> Result<Vec<bool>, Error> {
    let keys = asked.iter().map(|(user, key)| (*user, key));
    let records = find_records(&connection, Operation::HoldSeats, keys).await?;
    Ok(asked.iter().map(|(user, key)| records.under(*user, Some(key)).is_some()).collect())
}

struct FindSeats;

impl SqlText for FindSeats {
    const SQL: &'static str = "
        SELECT schedule_id, seat_number, reservation_id, held_until, sold, price
        FROM unnest({}::uuid[], {}::smallint[]) AS wanted (schedule_id, seat_number)
        CROSS JOIN LATERAL (
            SELECT reservation_id, held_until, sold, price
            FROM seats
            WHERE seats.schedule_id = wanted.schedule_id AND seats.seat_number = wanted.seat_number
            LIMIT 1
        ) AS seat";
    type Columns = ((Id, SmallInt, Nullable<Id>, Nullable<Moment>, Bool), Amount);
}

async fn find_seats(
    connection: &AsyncPgConnection,
    asked: &[HoldQuestion],
) -> Result<HashMap<(ScheduleId, SeatNumber), WantedSeatRow>, Error> {
    let wanted = asked.iter().flat_map(|(request, ..)| {
        request.seats.numbers().iter().map(|number| (StoredId(request.schedule.0), i16::from(number.get())))
    });
    let (schedules, numbers): (Vec<_>, Vec<_>) = wanted.collect::<BTreeSet<_>>().into_iter().unzip();
    let seats = Statement::<FindSeats>::new(values![schedules, numbers]);
    let rows = seats.load::<WantedSeatRow>(&mut &*connection).await?.into_iter();
    Ok(rows.filter_map(|row| Some(((row.0.schedule(), row.0.number()?), row))).collect())
}

struct FindCallers;

impl SqlText for FindCallers {
    const SQL: &'static str = select_hold_callers!(
        asked: "(SELECT *
                 FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::timestamptz[]) WITH ORDINALITY
                     AS asked (ticket, user_id, schedule_id, at, place))",
        joined: "LEFT JOIN LATERAL (
                     SELECT * FROM queue_tickets WHERE id = asked.ticket AND user_id = asked.user_id LIMIT 1
                 ) AS tickets ON true
                 LEFT JOIN LATERAL (
                     SELECT holds_made FROM hold_counts
                     WHERE user_id = asked.user_id AND schedule_id = asked.schedule_id
                     LIMIT 1
                 ) AS hold_counts ON true
                 ORDER BY asked.place",
    );
    type Columns = HoldCallerColumns;
}

async fn find_callers(
    connection: &AsyncPgConnection,
    asked: &[HoldQuestion],
) -> Result<Vec<HoldCaller>, Error> {
    let tickets: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.ticket.0)).collect();
    let users: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.user.0)).collect();
    let schedules: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.schedule.0)).collect();
    let instants: Vec<_> = asked.iter().map(|(.., now)| moment(*now)).collect();
    Statement::<FindCallers>::new(values![tickets, users, schedules, instants]).load(&mut &*connection).await
}
