//! Seats on PostgreSQL, as they are held and given back.

use async_trait::async_trait;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use domain::{
    commit::Commit,
    idempotency::IdempotencyKey,
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    reservation::{CancelFacts, HoldFacts, HoldReleased, HoldRequest, SeatInventory, SeatsHeld, SeatsSeen},
    storage::StorageError,
    time::Timestamp,
};
use futures_util::future::try_join;

use super::{
    PostgresStore, committing_row, count, errors,
    errors::storage_error,
    hold_seats,
    reservations::find_reservation,
    statement::{SqlText, Statement, values},
    together::make,
    waiting_room::ticket_of,
};
use crate::{
    added_schedules::hold_facts,
    fail_points::StoredChange,
    sql_types::{Id, StoredId},
};

struct Cancel;

/// Locked in the order in which a payment locks: reservation, seats, ticket.
impl SqlText for Cancel {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (SELECT {} AS ticket, {} AS reservation, {} AS user_id),
        reservation AS MATERIALIZED (
            SELECT reservations.id, reservations.schedule_id, reservations.expires_at
            FROM reservations, asked
            WHERE reservations.id = asked.reservation AND reservations.user_id = asked.user_id
              AND reservations.status = 'RESERVED' AND reservations.expires_at > clock_timestamp()
            FOR NO KEY UPDATE OF reservations
        ),
        held AS MATERIALIZED (
            SELECT seats.seat_number
            FROM seats, reservation
            WHERE seats.schedule_id = reservation.schedule_id AND seats.reservation_id = reservation.id
              AND NOT seats.sold
            ORDER BY seats.seat_number
            FOR NO KEY UPDATE OF seats
        ),
        turn AS MATERIALIZED (
            SELECT queue_tickets.expires_at
            FROM queue_tickets, asked
            WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
              AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
              AND (SELECT count(*) FROM held) > 0
            FOR SHARE OF queue_tickets
        ),
        due AS MATERIALIZED (
            SELECT reservation.id, reservation.schedule_id
            FROM reservation, turn
            WHERE reservation.expires_at > clock_timestamp() AND turn.expires_at > clock_timestamp()
        ),
        cancelled AS (
            UPDATE reservations SET status = 'CANCELLED' FROM due WHERE reservations.id = due.id
        ),
        given_back AS (
            UPDATE seats SET reservation_id = NULL, held_until = NULL
            FROM due WHERE seats.schedule_id = due.schedule_id AND seats.reservation_id = due.id
        )
        SELECT id FROM due";
    type Columns = Id;
}

struct TidyRunOutHolds;

/// What somebody else has locked is left for the next time, a reservation together with its seats.
impl SqlText for TidyRunOutHolds {
    const SQL: &'static str = "
        WITH run_out AS MATERIALIZED (
            SELECT id, schedule_id FROM reservations
            WHERE status = 'RESERVED' AND expires_at <= clock_timestamp()
            ORDER BY expires_at LIMIT {} FOR NO KEY UPDATE SKIP LOCKED
        ),
        locked AS MATERIALIZED (
            SELECT seats.schedule_id, seats.seat_number, seats.reservation_id
            FROM seats, run_out
            WHERE seats.schedule_id = run_out.schedule_id AND seats.reservation_id = run_out.id AND NOT seats.sold
            ORDER BY seats.schedule_id, seats.seat_number
            FOR NO KEY UPDATE OF seats SKIP LOCKED
        ),
        expired AS (
            UPDATE reservations SET status = 'EXPIRED' FROM run_out
            WHERE reservations.id = run_out.id
              AND NOT EXISTS (
                  SELECT FROM seats
                  WHERE seats.schedule_id = run_out.schedule_id AND seats.reservation_id = run_out.id
                    AND NOT EXISTS (
                        SELECT FROM locked
                        WHERE locked.schedule_id = seats.schedule_id AND locked.seat_number = seats.seat_number
                    )
              )
            RETURNING reservations.id
        ),
        freed AS (
            UPDATE seats SET reservation_id = NULL, held_until = NULL
            FROM locked, expired
            WHERE locked.reservation_id = expired.id
              AND seats.schedule_id = locked.schedule_id AND seats.seat_number = locked.seat_number
        )
        SELECT count(*) FROM expired";
    type Columns = BigInt;
}

#[async_trait]
impl SeatInventory for PostgresStore {
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
        self.lines.hold_keys.ask((user, key.clone())).await
    }

    async fn commit_hold(&self, held: &SeatsHeld) -> Result<Commit<()>, StorageError> {
        let alone = async || hold_seats::commit_alone(self.connection().await?, held).await;
        make(&self.lines.holds, held, alone).await
    }

    async fn load_for_cancel(
        &self,
        ticket: TicketId,
        user: UserId,
        reservation: ReservationId,
    ) -> Result<CancelFacts, StorageError> {
        let connection = self.connection().await?;
        let ticket = ticket_of(&connection, ticket, user);
        let reservation = find_reservation(&connection, user, reservation);
        let (ticket, reservation) = try_join(ticket, reservation).await.map_err(storage_error)?;
        Ok(CancelFacts { ticket, reservation })
    }

    async fn commit_cancel(&self, released: &HoldReleased) -> Result<Commit<()>, StorageError> {
        let statement = Statement::<Cancel>::new(values![
            StoredId(released.ticket.0),
            StoredId(released.reservation.id.0),
            StoredId(released.reservation.user.0),
        ]);
        let mut connection = self.connection().await?;
        let done =
            committing_row(StoredChange::CancelHold, statement.load::<StoredId>(&mut connection)).await;
        errors::commit(done.map(|done| done.map(|_| ())))
    }

    async fn tidy_run_out_holds(&self, at_most: u32) -> Result<u64, StorageError> {
        let statement = Statement::<TidyRunOutHolds>::new(values![i64::from(at_most)]);
        let mut connection = self.connection().await?;
        let tidied = statement.load::<i64>(&mut connection);
        let expired = committing_row(StoredChange::TidyRunOutHolds, tidied).await;
        expired.and_then(|expired| count(expired.unwrap_or_default())).map_err(storage_error)
    }
}
