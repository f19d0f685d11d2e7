//! What holds are decided from, loaded for many at once.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    catalog::{Seat, SeatNumber},
    idempotency::Operation,
    ids::ScheduleId,
    reservation::HoldFacts,
    storage::StorageError,
    waiting_room::Ticket,
};
use futures_util::future::try_join3;

use super::{
    idempotency::find_records,
    lending::Connection,
    moment,
    statement::{SqlText, Statement, values},
    waiting_room::TicketColumns,
};
use crate::{
    queries,
    questions::{HoldQuestion, KeyQuestion, SeatsWithHolders},
    room_rows::TicketRow,
    rows::{HolderRow, OccupancyRow, ScheduleRow, SeatRow, holds_so_far, seat_seen},
    schema::{concerts, reservations},
    sql_types::{Amount, Id, Moment, StoredId},
};

/// Loads what the decisions about holds are made from, each with an outcome of its own. The keys are asked for last: see
/// [`find_records`].
pub(super) async fn load(
    connection: Connection,
    asked: Vec<HoldQuestion>,
) -> Result<Vec<Result<HoldFacts, StorageError>>, Error> {
    let schedules = asked.iter().map(|(request, ..)| StoredId(request.schedule.0));
    let schedules: Vec<_> = schedules.collect::<BTreeSet<_>>().into_iter().collect();
    let (callers, shows, seats) = try_join3(
        find_callers(&connection, &asked),
        find_shows(&connection, schedules),
        find_seats(&connection, &asked),
    )
    .await?;
    let keyed = asked.iter().filter_map(|(request, key, _)| Some((request.user, key.as_ref()?)));
    let records = find_records(&connection, Operation::HoldSeats, keyed).await?;
    let facts = |((request, key, _), (ticket, seats_held, holds_made)): (&HoldQuestion, Caller)| {
        let wanted =
            request.seats.numbers().iter().filter_map(|number| seats.get(&(request.schedule, *number)));
        let show = shows.get(&request.schedule);
        Ok(HoldFacts {
            ticket: ticket.map(Ticket::try_from).transpose()?,
            recorded: records.under(request.user, key.as_ref()),
            show: show.map(|(row, name)| row.show(name).map(|show| (show, row.sales()))).transpose()?,
            seats: wanted.cloned().map(Seat::try_from).collect::<Result<_, _>>()?,
            holds: holds_so_far((seats_held, holds_made))?,
        })
    };
    Ok(asked.iter().zip(callers).map(facts).collect())
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

async fn find_shows(
    connection: &AsyncPgConnection,
    schedules: Vec<StoredId>,
) -> Result<HashMap<ScheduleId, (ScheduleRow, String)>, Error> {
    let rows: Vec<(ScheduleRow, String)> = queries::schedules_with_concerts(schedules)
        .select((ScheduleRow::as_select(), concerts::name))
        .load(&mut &*connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.0.schedule(), row)).collect())
}

struct FindSeats;

impl SqlText for FindSeats {
    const SQL: &'static str = "
        SELECT schedule_id, seat_number, id, seat_name, grade, price, reservation_id, held_until, sold
        FROM unnest({}::uuid[], {}::smallint[]) AS wanted (schedule_id, seat_number)
        CROSS JOIN LATERAL (
            SELECT id, seat_name, grade, price, reservation_id, held_until, sold
            FROM seats
            WHERE seats.schedule_id = wanted.schedule_id AND seats.seat_number = wanted.seat_number
            LIMIT 1
        ) AS seat";
    type Columns = (Id, SmallInt, Id, Text, Text, Amount, Nullable<Id>, Nullable<Moment>, Bool);
}

async fn find_seats(
    connection: &AsyncPgConnection,
    asked: &[HoldQuestion],
) -> Result<HashMap<(ScheduleId, SeatNumber), SeatRow>, Error> {
    let wanted = asked.iter().flat_map(|(request, ..)| {
        request.seats.numbers().iter().map(|number| (StoredId(request.schedule.0), i16::from(number.get())))
    });
    let (schedules, numbers): (Vec<_>, Vec<_>) = wanted.collect::<BTreeSet<_>>().into_iter().unzip();
    let rows = Statement::<FindSeats>::new(values![schedules, numbers]).load::<SeatRow>(&mut &*connection);
    let rows = rows.await?.into_iter();
    Ok(rows.filter_map(|row| Some(((row.schedule(), row.number()?), row))).collect())
}

struct FindCallers;

/// A caller's ticket; how many unpaid seats of the schedule the caller holds, and how many holds of it the caller ever
/// made: one question, because the one number is only worth something as of the other. Who never made one holds nothing.
impl SqlText for FindCallers {
    const SQL: &'static str = "
        SELECT tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
               tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at,
               CASE WHEN hold_counts.holds_made IS NOT NULL THEN
                   (SELECT count(*)
                    FROM seats JOIN reservations ON reservations.id = seats.reservation_id
                    WHERE seats.schedule_id = asked.schedule_id AND NOT seats.sold AND seats.held_until > asked.at
                      AND reservations.user_id = asked.user_id)
               END,
               hold_counts.holds_made
        FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::timestamptz[]) WITH ORDINALITY
             AS asked (ticket, user_id, schedule_id, at, place)
        LEFT JOIN queue_tickets AS tickets ON tickets.id = asked.ticket AND tickets.user_id = asked.user_id
        LEFT JOIN hold_counts ON hold_counts.user_id = asked.user_id AND hold_counts.schedule_id = asked.schedule_id
        ORDER BY asked.place";
    type Columns = (Nullable<TicketColumns>, Nullable<BigInt>, Nullable<BigInt>);
}

/// A ticket, unpaid seats, and holds ever made.
type Caller = (Option<TicketRow>, Option<i64>, Option<i64>);

async fn find_callers(connection: &AsyncPgConnection, asked: &[HoldQuestion]) -> Result<Vec<Caller>, Error> {
    let tickets: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.ticket.0)).collect();
    let users: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.user.0)).collect();
    let schedules: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.schedule.0)).collect();
    let instants: Vec<_> = asked.iter().map(|(.., now)| moment(*now)).collect();
    Statement::<FindCallers>::new(values![tickets, users, schedules, instants]).load(&mut &*connection).await
}
