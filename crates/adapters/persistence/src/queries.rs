//! The questions both stores are asked in the same words.
//!
//! What to select is left to the one who asks, because the rows' types know the backend.

use diesel::{dsl, prelude::*};

use crate::{
    codes::Code,
    schema::{
        concerts, idempotency_records, ledger_entries, payments, queue_tickets, reservations, reserved_seats,
        schedules, seats, users,
    },
    sql_types::{StoredId, StoredMoment},
    ticket_conditions::{Active, Live, Waiting, WaitingAndThere},
};
use domain::{
    page::{Cursor, PageRequest},
    reservation::{ReservationQuery, ReservationStatus},
    time::Timestamp,
};

/// The first instant a store is asked about.
fn beginning() -> StoredMoment {
    StoredMoment(Timestamp::UNIX_EPOCH)
}

/// An instant after every other a store is asked about: 9999-12-31, which both stores can tell.
fn end_of_time() -> StoredMoment {
    StoredMoment(Timestamp::from_timestamp(253_402_214_400, 0).unwrap_or(Timestamp::MAX_UTC))
}

/// A place in a list that is ordered by time and then by id.
#[derive(Clone, Copy)]
pub(crate) struct TimePlace {
    at: StoredMoment,
    id: StoredId,
}

impl TimePlace {
    fn of(cursor: Cursor) -> Self {
        let at = Timestamp::from_timestamp_micros(cursor.position).map_or_else(end_of_time, StoredMoment);
        Self { at: StoredMoment(at.0.clamp(beginning().0, end_of_time().0)), id: StoredId(cursor.id) }
    }

    /// Where a list that runs backward in time goes on; its end of time for the first page.
    pub(crate) fn before(page: PageRequest) -> Self {
        page.after.map_or_else(|| Self { at: end_of_time(), id: StoredId(uuid::Uuid::max()) }, Self::of)
    }

    /// Where a list that runs forward in time goes on; the beginning for the first page.
    pub(crate) fn after(page: PageRequest) -> Self {
        page.after.map_or_else(|| Self { at: beginning(), id: StoredId(uuid::Uuid::nil()) }, Self::of)
    }
}

#[dsl::auto_type]
#[expect(clippy::elidable_lifetime_names, reason = "the macro repeats the lifetime in the type it makes")]
pub(crate) fn login_with<'a>(email: &'a str) -> _ {
    users::table.filter(users::email.eq(email))
}

#[dsl::auto_type]
pub(crate) fn concerts_after(place: TimePlace, rows: i64) -> _ {
    let at: StoredMoment = place.at;
    let id: StoredId = place.id;
    concerts::table
        .filter(concerts::created_at.gt(at).or(concerts::created_at.eq(at).and(concerts::id.gt(id))))
        .order((concerts::created_at, concerts::id))
        .limit(rows)
}

#[dsl::auto_type]
pub(crate) fn schedules_of(concert: StoredId) -> _ {
    schedules::table.filter(schedules::concert_id.eq(concert)).order((schedules::starts_at, schedules::id))
}

/// Seats that are neither sold nor held at `now`, a row each with the schedule's id.
#[dsl::auto_type]
pub(crate) fn free_seats_of_schedules(concert: StoredId, now: StoredMoment) -> _ {
    seats::table
        .inner_join(schedules::table.on(schedules::id.eq(seats::schedule_id)))
        .filter(schedules::concert_id.eq(concert))
        .filter(seats::sold.eq(false))
        .filter(seats::held_until.is_null().or(seats::held_until.le(now)))
        .group_by(seats::schedule_id)
        .select((seats::schedule_id, dsl::count_star()))
}

#[dsl::auto_type]
pub(crate) fn seats_of(schedule: StoredId) -> _ {
    seats::table.filter(seats::schedule_id.eq(schedule)).order(seats::seat_number)
}

#[dsl::auto_type]
pub(crate) fn seats_of_schedules(schedules: Vec<StoredId>) -> _ {
    seats::table.filter(seats::schedule_id.eq_any(schedules)).order((seats::schedule_id, seats::seat_number))
}

/// The seats of a schedule that are sold, or that somebody holds or has held.
#[dsl::auto_type]
pub(crate) fn taken_seats_of(schedule: StoredId) -> _ {
    seats::table.filter(seats::schedule_id.eq(schedule)).filter(seats::reservation_id.is_not_null())
}

#[dsl::auto_type]
pub(crate) fn taken_seats_of_schedules(schedules: Vec<StoredId>) -> _ {
    seats::table.filter(seats::schedule_id.eq_any(schedules)).filter(seats::reservation_id.is_not_null())
}

/// The same, and whose the reservations are.
#[dsl::auto_type]
pub(crate) fn taken_seats_with_holders(schedules: Vec<StoredId>) -> _ {
    seats::table.inner_join(reservations::table).filter(seats::schedule_id.eq_any(schedules))
}

/// The same of one schedule.
#[dsl::auto_type]
pub(crate) fn taken_seats_of_with_holders(schedule: StoredId) -> _ {
    seats::table.inner_join(reservations::table).filter(seats::schedule_id.eq(schedule))
}

#[dsl::auto_type]
pub(crate) fn schedule_with_concert(schedule: StoredId) -> _ {
    schedules::table.inner_join(concerts::table).filter(schedules::id.eq(schedule))
}

#[dsl::auto_type]
pub(crate) fn idempotency_record<'a>(user: StoredId, operation: &'static str, key: &'a str) -> _ {
    idempotency_records::table
        .filter(idempotency_records::user_id.eq(user))
        .filter(idempotency_records::operation.eq(operation))
        .filter(idempotency_records::key.eq(key))
}

#[dsl::auto_type]
pub(crate) fn reservation_of(user: StoredId, id: StoredId) -> _ {
    reservations::table
        .inner_join(schedules::table.inner_join(concerts::table))
        .filter(reservations::id.eq(id))
        .filter(reservations::user_id.eq(user))
}

/// For SQLite, on which a list of ids would be another statement for each length, prepared anew each time.
#[dsl::auto_type]
pub(crate) fn seats_of_reservation(id: StoredId) -> _ {
    reserved_seats::table.filter(reserved_seats::reservation_id.eq(id)).order(reserved_seats::seat_number)
}

#[dsl::auto_type]
pub(crate) fn seats_of_reservations(ids: Vec<StoredId>) -> _ {
    reserved_seats::table
        .filter(reserved_seats::reservation_id.eq_any(ids))
        .order((reserved_seats::reservation_id, reserved_seats::seat_number))
}

/// Which stored reservations are in a wanted status at an instant: those whose stored status is among
/// `settled`, and those stored as reserved that run out after `after` and not after `until`.
pub(crate) struct StatusWindow {
    settled: Vec<&'static str>,
    after: StoredMoment,
    until: StoredMoment,
}

impl StatusWindow {
    pub(crate) fn of(query: &ReservationQuery) -> Self {
        use ReservationStatus::{Cancelled, Expired, Paid, Reserved};

        let (now, beginning, end) = (StoredMoment(query.now), beginning(), end_of_time());
        let (settled, after, until): (&[ReservationStatus], _, _) = match query.status {
            None => (&[Paid, Cancelled, Expired], beginning, end),
            Some(Reserved) => (&[], now, end),
            Some(Expired) => (&[Expired], beginning, now),
            Some(Paid) => (&[Paid], end, end),
            Some(Cancelled) => (&[Cancelled], end, end),
        };
        Self { settled: settled.iter().map(|status| status.word()).collect(), after, until }
    }
}

#[dsl::auto_type]
pub(crate) fn reservations_before(user: StoredId, window: StatusWindow, place: TimePlace, rows: i64) -> _ {
    let settled: Vec<&'static str> = window.settled;
    let after: StoredMoment = window.after;
    let until: StoredMoment = window.until;
    let at: StoredMoment = place.at;
    let id: StoredId = place.id;
    let reserved: &'static str = ReservationStatus::Reserved.word();
    reservations::table
        .inner_join(schedules::table.inner_join(concerts::table))
        .filter(reservations::user_id.eq(user))
        .filter(
            reservations::status.eq_any(settled).or(reservations::status
                .eq(reserved)
                .and(reservations::expires_at.gt(after))
                .and(reservations::expires_at.le(until))),
        )
        .filter(
            reservations::reserved_at
                .lt(at)
                .or(reservations::reserved_at.eq(at).and(reservations::id.lt(id))),
        )
        .order((reservations::reserved_at.desc(), reservations::id.desc()))
        .limit(rows)
}

#[dsl::auto_type]
pub(crate) fn ledger_before(user: StoredId, sequence: i64, rows: i64) -> _ {
    ledger_entries::table
        .filter(ledger_entries::user_id.eq(user))
        .filter(ledger_entries::sequence.lt(sequence))
        .order(ledger_entries::sequence.desc())
        .limit(rows)
}

#[dsl::auto_type]
pub(crate) fn ledger_entry_of(user: StoredId, id: StoredId) -> _ {
    ledger_entries::table.filter(ledger_entries::id.eq(id)).filter(ledger_entries::user_id.eq(user))
}

#[dsl::auto_type]
pub(crate) fn payments_before(user: StoredId, place: TimePlace, rows: i64) -> _ {
    let at: StoredMoment = place.at;
    let id: StoredId = place.id;
    payments::table
        .filter(payments::user_id.eq(user))
        .filter(payments::paid_at.lt(at).or(payments::paid_at.eq(at).and(payments::id.lt(id))))
        .order((payments::paid_at.desc(), payments::id.desc()))
        .limit(rows)
}

#[dsl::auto_type]
pub(crate) fn payment_numbered(id: StoredId) -> _ {
    payments::table.filter(payments::id.eq(id))
}

/// A user's payment beside the ledger entry of its debit.
#[dsl::auto_type]
pub(crate) fn payment_with_debit(user: StoredId, id: StoredId, kind: &'static str) -> _ {
    payments::table
        .inner_join(ledger_entries::table.on(ledger_entries::reference.eq(payments::id.nullable())))
        .filter(payments::id.eq(id))
        .filter(payments::user_id.eq(user))
        .filter(ledger_entries::kind.eq(kind))
}

#[dsl::auto_type]
pub(crate) fn waiting_tickets() -> _ {
    let waiting: Waiting = Waiting;
    queue_tickets::table.filter(waiting)
}

/// Those who wait and were not passed over.
#[dsl::auto_type]
pub(crate) fn waiting_and_there() -> _ {
    let there: WaitingAndThere = WaitingAndThere;
    queue_tickets::table.filter(there)
}

/// Those who come first when a slot is free.
#[dsl::auto_type]
pub(crate) fn candidates(at_most: i64) -> _ {
    waiting_and_there().order(queue_tickets::number).limit(at_most)
}

#[dsl::auto_type]
pub(crate) fn live_tickets() -> _ {
    let live: Live = Live;
    queue_tickets::table.filter(live)
}

/// Those that are live and whose turn, where they have it, has not run out either.
#[dsl::auto_type]
pub(crate) fn tickets_live_at(now: StoredMoment) -> _ {
    let live: Live = Live;
    let waiting: Waiting = Waiting;
    queue_tickets::table.filter(live).filter(waiting.or(queue_tickets::expires_at.assume_not_null().gt(now)))
}

#[dsl::auto_type]
pub(crate) fn turns_live_at(now: StoredMoment) -> _ {
    let active: Active = Active;
    queue_tickets::table.filter(active).filter(queue_tickets::expires_at.gt(now))
}

#[dsl::auto_type]
pub(crate) fn turns_run_out_at(now: StoredMoment) -> _ {
    let active: Active = Active;
    queue_tickets::table.filter(active).filter(queue_tickets::expires_at.le(now))
}

#[dsl::auto_type]
pub(crate) fn admitted_after(instant: StoredMoment) -> _ {
    queue_tickets::table.filter(queue_tickets::admitted_at.gt(instant))
}
