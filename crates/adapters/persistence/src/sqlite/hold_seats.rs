//! Holds on SQLite: what they are decided from, and how they are made.

use diesel::{prelude::*, result::Error, sql_types::BigInt};
use domain::{
    catalog::SeatNumber,
    idempotency::Operation,
    reservation::{Reservation, SeatsHeld},
    waiting_room::Ticket,
};

use super::{
    idempotency::{find_record, store_record},
    moment, row_error,
    statement::{SqlText, Statement, values},
    writer::stale_unless,
};
use crate::{
    hold_callers::{HoldCaller, HoldCallerColumns, select_hold_callers},
    kept,
    questions::{HoldAnswer, HoldQuestion, WantedSeat},
    rows::{OccupancyRow, ReservationRow, ReservedSeatRow, WantedSeatRow, holds_so_far},
    schema::{reservations, reserved_seats, seats},
    sql_types::{StoredId, StoredMoment},
};

struct FindCaller;

impl SqlText for FindCaller {
    const SQL: &'static str = select_hold_callers!(
        asked: "(SELECT {} AS ticket, {} AS user_id, {} AS schedule_id, {} AS at)",
        joined: "LEFT JOIN queue_tickets AS tickets ON tickets.id = asked.ticket AND tickets.user_id = asked.user_id
                 LEFT JOIN hold_counts
                     ON hold_counts.user_id = asked.user_id AND hold_counts.schedule_id = asked.schedule_id",
    );
    type Columns = HoldCallerColumns;
}

pub(super) fn load_for_hold(
    connection: &mut SqliteConnection,
    (request, key, now): &HoldQuestion,
) -> Result<HoldAnswer, Error> {
    let schedule = StoredId(request.schedule.0);
    let caller = values![StoredId(request.ticket.0), StoredId(request.user.0), schedule, moment(*now)];
    let (ticket, seats_held, holds_made): HoldCaller =
        Statement::<FindCaller>::new(caller).get_result(connection)?;
    let wanted = request.seats.numbers().iter().map(|number| find_seat(connection, schedule, *number));
    Ok(HoldAnswer {
        seats: wanted.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        recorded: find_record(connection, request.user, Operation::HoldSeats, key.as_ref())?,
        ticket: ticket.map(Ticket::try_from).transpose().map_err(row_error)?,
        holds: holds_so_far((seats_held, holds_made)).map_err(row_error)?,
    })
}

/// One seat by its key: a list of keys would be another statement for each length, prepared anew each time.
fn find_seat(
    connection: &mut SqliteConnection,
    schedule: StoredId,
    number: SeatNumber,
) -> Result<Option<WantedSeat>, Error> {
    let seat = seats::table.find((schedule, i16::from(number.get())));
    let row: Option<WantedSeatRow> =
        seat.select((OccupancyRow::as_select(), seats::price)).get_result(connection).optional()?;
    row.as_ref().map(TryFrom::try_from).transpose().map_err(row_error)
}

struct CountHold;

/// Counts one more hold, if the number is still what the decision found, while it is the caller's turn and the schedule is
/// on sale.
impl SqlText for CountHold {
    const SQL: &'static str = "
        INSERT INTO hold_counts (user_id, schedule_id, holds_made)
        SELECT queue_tickets.user_id, schedules.id, {} + 1
        FROM queue_tickets, schedules
        WHERE queue_tickets.id = {} AND queue_tickets.user_id = {}
          AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > {}
          AND schedules.id = {} AND schedules.sales_open_at <= {} AND schedules.sales_close_at > {}
        ON CONFLICT (user_id, schedule_id) DO UPDATE SET holds_made = excluded.holds_made
        WHERE hold_counts.holds_made = excluded.holds_made - 1";
    type Columns = BigInt;
}

pub(super) fn commit_hold(
    connection: &mut SqliteConnection,
    held: &SeatsHeld,
    now: StoredMoment,
) -> Result<(), Error> {
    let reservation = &held.reservation;
    let (ticket, user) = (StoredId(held.ticket.0), StoredId(reservation.user.0));
    let schedule = StoredId(reservation.show.schedule.0);
    let counted = values![held.holds_made, ticket, user, now, schedule, now, now];
    stale_unless(Statement::<CountHold>::new(counted).execute(connection)? == 1)?;
    diesel::insert_into(reservations::table).values(ReservationRow::from(reservation)).execute(connection)?;
    for seat in ReservedSeatRow::of(reservation) {
        take_seat(connection, &seat, reservation, now)?;
        diesel::insert_into(reserved_seats::table).values(seat).execute(connection)?;
    }
    let (key, result) = (held.keyed.as_ref(), reservation.id.0);
    store_record(connection, reservation.user, Operation::HoldSeats, key, result, now)
}

/// Takes a seat that is free at `now`.
fn take_seat(
    connection: &mut SqliteConnection,
    seat: &ReservedSeatRow,
    reservation: &Reservation,
    now: StoredMoment,
) -> Result<(), Error> {
    let free = seats::table
        .find((seat.schedule_id, seat.seat_number))
        .filter(seats::sold.eq(false))
        .filter(seats::held_until.is_null().or(seats::held_until.le(now)));
    let taken = kept::update(free)
        .set((
            seats::reservation_id.eq(Some(StoredId(reservation.id.0))),
            seats::held_until.eq(Some(moment(reservation.expires_at))),
        ))
        .execute(connection)?;
    stale_unless(taken == 1)
}
