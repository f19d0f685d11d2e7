//! Seats on SQLite, as they are held and given back.

use async_trait::async_trait;
use diesel::{prelude::*, result::Error};
use domain::{
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    reservation::{
        CancelFacts, HoldFacts, HoldReleased, HoldRequest, ReservationStatus, SeatInventory, SeatsHeld,
        SeatsSeen,
    },
    storage::StorageError,
    time::Timestamp,
};
use futures_util::future::try_join;

use super::{
    SqliteStore, count,
    hold_seats::commit_hold,
    idempotency::find_record,
    moment,
    reservations::find_reservation,
    row_error,
    waiting_room::{is_turn, ticket_of},
    writer::stale_unless,
};
use crate::{
    added_schedules::hold_facts,
    codes::Code,
    fail_points::StoredChange,
    kept, queries,
    questions::{KeyQuestion, SeatsWithHolders},
    rows::{HolderRow, OccupancyRow, seat_seen},
    schema::{reservations, seats},
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
        let answer = self.lines.hold_questions.ask((request.clone(), key, now));
        let (added, answer) = try_join(self.added_schedule(request.schedule), answer).await?;
        Ok(hold_facts(added.as_deref(), answer?))
    }

    async fn see_seats(&self, schedule: ScheduleId) -> Result<Option<SeatsSeen>, StorageError> {
        let added = self.added_schedule(schedule).await?;
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
    let cancelled = kept::update(reserved)
        .set(reservations::status.eq(ReservationStatus::Cancelled.word()))
        .execute(connection)?;
    stale_unless(cancelled == 1)?;
    let held = seats::table
        .filter(seats::schedule_id.eq(StoredId(reservation.show.schedule.0)))
        .filter(seats::reservation_id.eq(id))
        .filter(seats::sold.eq(false));
    kept::update(held)
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
