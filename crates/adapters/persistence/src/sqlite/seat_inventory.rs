//! Seats on SQLite, as they are held and given back.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    catalog::{Seat, SeatNumber},
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    reservation::{
        CancelFacts, HoldFacts, HoldReleased, HoldRequest, Reservation, ReservationStatus, SeatInventory,
        SeatsHeld, SeatsSeen,
    },
    storage::StorageError,
    time::Timestamp,
};

use super::{
    SqliteStore, count,
    idempotency::{find_record, store_record},
    moment,
    reservations::find_reservation,
    row_error,
    waiting_room::{is_turn, ticket_of},
    writer::stale_unless,
};
use crate::{
    codes::Code,
    fail_points::StoredChange,
    queries,
    questions::{HoldQuestion, KeyQuestion, SeatsWithHolders},
    rows::{
        HolderRow, OccupancyRow, ReservationRow, ReservedSeatRow, ScheduleRow, SeatRow, holds_so_far,
        seat_seen,
    },
    schema::{concerts, hold_counts, reservations, reserved_seats, seats},
    sql_types::{StoredId, StoredMoment},
};

#[async_trait]
impl SeatInventory for SqliteStore {
    async fn load_for_hold(
        &self,
        request: &HoldRequest,
        key: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<HoldFacts, StorageError> {
        self.lines.hold_questions.ask((request.clone(), key, now)).await?
    }

    async fn see_seats(&self, schedule: ScheduleId) -> Result<Option<SeatsSeen>, StorageError> {
        let added = self.added_schedules.get_or_find(schedule, self).await?;
        let Some(added) = added else { return Ok(None) };
        let taken = self.lines.seats_to_see.ask(schedule).await??;
        Ok(Some(added.seen(&taken)))
    }

    async fn is_key_used(&self, user: UserId, key: &IdempotencyKey) -> Result<bool, StorageError> {
        self.lines.hold_keys.ask((user, key.clone())).await?
    }

    async fn commit_hold(&self, held: &SeatsHeld) -> Result<Commit<()>, StorageError> {
        let (held, now) = (held.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::HoldSeats, move |connection| commit_hold(connection, &held, moment(now())))
            .await
    }

    async fn load_for_cancel(
        &self,
        ticket: TicketId,
        user: UserId,
        reservation: ReservationId,
    ) -> Result<CancelFacts, StorageError> {
        let question = move |connection: &mut SqliteConnection| {
            Ok(CancelFacts {
                ticket: ticket_of(connection, ticket, user)?,
                reservation: find_reservation(connection, user, reservation)?,
            })
        };
        self.readers.read(question).await
    }

    async fn commit_cancel(&self, released: &HoldReleased) -> Result<Commit<()>, StorageError> {
        let (released, now) = (released.clone(), self.writing_clock());
        self.writer
            .commit(StoredChange::CancelHold, move |connection| {
                commit_cancel(connection, &released, moment(now()))
            })
            .await
    }

    async fn tidy_run_out_holds(&self, at_most: u32) -> Result<u64, StorageError> {
        let now = self.writing_clock();
        self.writer
            .write(StoredChange::TidyRunOutHolds, move |connection| {
                tidy_run_out_holds(connection, at_most, moment(now()))
            })
            .await
    }
}

pub(super) fn load_for_hold(
    connection: &mut SqliteConnection,
    (request, key, now): &HoldQuestion,
) -> Result<HoldFacts, Error> {
    let (user, schedule) = (StoredId(request.user.0), StoredId(request.schedule.0));
    let show = queries::schedule_with_concert(schedule)
        .select((ScheduleRow::as_select(), concerts::name))
        .get_result::<(ScheduleRow, String)>(connection)
        .optional()?;
    let show = show.map(|(row, name)| row.show(&name).map(|show| (show, row.sales()))).transpose();
    let wanted = request.seats.numbers().iter().map(|number| find_seat(connection, schedule, *number));
    let seats = wanted.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
    let holds = queries::holds_of(user, schedule, moment(*now)).get_result(connection)?;
    Ok(HoldFacts {
        ticket: ticket_of(connection, request.ticket, request.user)?,
        recorded: find_record(connection, request.user, Operation::HoldSeats, key.as_ref())?,
        show: show.map_err(row_error)?,
        seats: seats.into_iter().map(Seat::try_from).collect::<Result<_, _>>().map_err(row_error)?,
        holds: holds_so_far(holds).map_err(row_error)?,
    })
}

pub(super) fn see_seats(
    connection: &mut SqliteConnection,
    schedule: &ScheduleId,
) -> Result<SeatsWithHolders, Error> {
    let taken = queries::taken_seats_of_with_holders(StoredId(schedule.0));
    let rows: Vec<HolderRow> =
        taken.select((OccupancyRow::as_select(), reservations::user_id)).load(connection)?;
    rows.iter().map(seat_seen).collect::<Result<_, _>>().map_err(row_error)
}

pub(super) fn is_key_used(
    connection: &mut SqliteConnection,
    (user, key): &KeyQuestion,
) -> Result<bool, Error> {
    Ok(find_record(connection, *user, Operation::HoldSeats, Some(key))?.is_some())
}

/// One seat by its key: a list of keys would be another statement for each length, prepared anew each time.
fn find_seat(
    connection: &mut SqliteConnection,
    schedule: StoredId,
    number: SeatNumber,
) -> Result<Option<SeatRow>, Error> {
    let seat = seats::table.find((schedule, i16::from(number.get())));
    seat.select(SeatRow::as_select()).get_result(connection).optional()
}

fn commit_hold(connection: &mut SqliteConnection, held: &SeatsHeld, now: StoredMoment) -> Result<(), Error> {
    let reservation = &held.reservation;
    let (user, schedule) = (StoredId(reservation.user.0), StoredId(reservation.show.schedule.0));
    stale_unless(is_turn(connection, held.ticket, reservation.user, now)?)?;
    let on_sale = queries::schedule_on_sale(schedule, now);
    stale_unless(diesel::select(diesel::dsl::exists(on_sale)).get_result(connection)?)?;
    count_hold(connection, user, schedule, held.holds_made)?;
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
    let taken = diesel::update(free)
        .set((
            seats::reservation_id.eq(Some(StoredId(reservation.id.0))),
            seats::held_until.eq(Some(moment(reservation.expires_at))),
        ))
        .execute(connection)?;
    stale_unless(taken == 1)
}

/// Counts one more hold, if the number is still what the decision found.
fn count_hold(
    connection: &mut SqliteConnection,
    user: StoredId,
    schedule: StoredId,
    holds_made: i64,
) -> Result<(), Error> {
    let counted = hold_counts::table.find((user, schedule));
    let found: Option<i64> = counted.select(hold_counts::holds_made).get_result(connection).optional()?;
    stale_unless(found.unwrap_or_default() == holds_made)?;
    let row = (
        hold_counts::user_id.eq(user),
        hold_counts::schedule_id.eq(schedule),
        hold_counts::holds_made.eq(holds_made + 1),
    );
    diesel::replace_into(hold_counts::table).values(row).execute(connection).map(|_| ())
}

fn commit_cancel(
    connection: &mut SqliteConnection,
    released: &HoldReleased,
    now: StoredMoment,
) -> Result<(), Error> {
    let reservation = &released.reservation;
    let id = StoredId(reservation.id.0);
    stale_unless(is_turn(connection, released.ticket, reservation.user, now)?)?;
    let reserved = reservations::table
        .find(id)
        .filter(reservations::user_id.eq(StoredId(reservation.user.0)))
        .filter(reservations::status.eq(ReservationStatus::Reserved.word()))
        .filter(reservations::expires_at.gt(now));
    let cancelled = diesel::update(reserved)
        .set(reservations::status.eq(ReservationStatus::Cancelled.word()))
        .execute(connection)?;
    stale_unless(cancelled == 1)?;
    let held = seats::table
        .filter(seats::schedule_id.eq(StoredId(reservation.show.schedule.0)))
        .filter(seats::reservation_id.eq(id))
        .filter(seats::sold.eq(false));
    diesel::update(held)
        .set((seats::reservation_id.eq(None::<StoredId>), seats::held_until.eq(None::<StoredMoment>)))
        .execute(connection)?;
    Ok(())
}

fn tidy_run_out_holds(
    connection: &mut SqliteConnection,
    at_most: u32,
    now: StoredMoment,
) -> Result<u64, Error> {
    let run_out: Vec<StoredId> = reservations::table
        .filter(reservations::status.eq(ReservationStatus::Reserved.word()))
        .filter(reservations::expires_at.le(now))
        .select(reservations::id)
        .limit(i64::from(at_most))
        .load(connection)?;
    diesel::update(reservations::table.filter(reservations::id.eq_any(&run_out)))
        .set(reservations::status.eq(ReservationStatus::Expired.word()))
        .execute(connection)?;
    let schedules = reservations::table
        .filter(reservations::id.eq_any(&run_out))
        .select(reservations::schedule_id)
        .distinct()
        .load::<StoredId>(connection)?;
    let left_behind = seats::table
        .filter(seats::schedule_id.eq_any(schedules))
        .filter(seats::reservation_id.eq_any(run_out.iter().copied()))
        .filter(seats::sold.eq(false));
    diesel::update(left_behind)
        .set((seats::reservation_id.eq(None::<StoredId>), seats::held_until.eq(None::<StoredMoment>)))
        .execute(connection)?;
    count(i64::try_from(run_out.len()).unwrap_or(i64::MAX))
}
