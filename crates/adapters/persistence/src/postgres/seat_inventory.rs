//! Seats on PostgreSQL, as they are held and given back.

use async_trait::async_trait;
use diesel::{prelude::*, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use domain::{
    catalog::Seat,
    commit::Commit,
    idempotency::{IdempotencyKey, Operation},
    ids::{ReservationId, TicketId, UserId},
    reservation::{CancelFacts, HoldFacts, HoldReleased, HoldRequest, SeatInventory, SeatsHeld},
    storage::StorageError,
    time::Timestamp,
};
use futures_util::future::try_join;

use super::{
    PostgresStore, committing_row, count, errors,
    errors::storage_error,
    idempotency::{find_record, key_and_fingerprint},
    moment,
    reservations::find_reservation,
    statement::{SqlText, Statement, values},
    waiting_room::ticket_of,
};
use crate::{
    fail_points::StoredChange,
    queries,
    rows::{ScheduleRow, SeatRow, holds_so_far},
    schema::concerts,
    sql_types::{Id, StoredAmount, StoredId},
};

struct Hold;

/// The seats are locked in the order of their numbers, if they are free by then, and after them the ticket;
/// `guarded` has a row only if all seats were free, it is the caller's turn, the schedule is on sale, and no
/// other hold of the caller came in between. Only then is anything written.
impl SqlText for Hold {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {} AS ticket, {} AS reservation, {} AS user_id, {} AS schedule_id, {} AS seat_numbers,
                   {} AS total_price, {} AS reserved_at, {} AS expires_at, {} AS holds_made,
                   {} AS key, {} AS fingerprint
        ),
        free AS MATERIALIZED (
            SELECT seats.seat_number, seats.seat_name, seats.grade, seats.price
            FROM seats
            WHERE seats.schedule_id = (SELECT schedule_id FROM asked)
              AND seats.seat_number = ANY ((SELECT seat_numbers FROM asked)::smallint[])
              AND NOT seats.sold AND (seats.held_until IS NULL OR seats.held_until <= clock_timestamp())
            ORDER BY seats.seat_number
            FOR NO KEY UPDATE
        ),
        turn AS MATERIALIZED (
            SELECT queue_tickets.expires_at
            FROM queue_tickets, asked
            WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
              AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
              AND (SELECT count(*) FROM free) = cardinality(asked.seat_numbers)
            FOR SHARE OF queue_tickets
        ),
        due AS MATERIALIZED (
            SELECT asked.*
            FROM asked, turn, schedules
            WHERE turn.expires_at > clock_timestamp()
              AND schedules.id = asked.schedule_id
              AND schedules.sales_open_at <= clock_timestamp() AND schedules.sales_close_at > clock_timestamp()
              AND (SELECT sum(price) FROM free) = asked.total_price
        ),
        counted AS (
            INSERT INTO hold_counts (user_id, schedule_id, holds_made)
            SELECT user_id, schedule_id, 1 FROM due
            ON CONFLICT (user_id, schedule_id) DO UPDATE SET holds_made = hold_counts.holds_made + 1
            WHERE hold_counts.holds_made = (SELECT holds_made FROM asked)
            RETURNING user_id
        ),
        guarded AS MATERIALIZED (SELECT due.* FROM due, counted),
        reserved AS (
            INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
            SELECT reservation, user_id, schedule_id, 'RESERVED', total_price, reserved_at, expires_at
            FROM guarded
        ),
        reserved_seat AS (
            INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
            SELECT guarded.reservation, free.seat_number, guarded.schedule_id, free.seat_name, free.grade, free.price
            FROM guarded, free
        ),
        held AS (
            UPDATE seats SET reservation_id = guarded.reservation, held_until = guarded.expires_at
            FROM guarded
            WHERE seats.schedule_id = guarded.schedule_id AND seats.seat_number = ANY (guarded.seat_numbers)
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT user_id, 'HOLD_SEATS', key, fingerprint, reservation, clock_timestamp()
            FROM guarded WHERE key IS NOT NULL
        )
        SELECT reservation FROM guarded";
    type Columns = Id;
}

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
        let connection = self.connection().await?;
        let (user, schedule) = (StoredId(request.user.0), StoredId(request.schedule.0));
        let numbers = request.seats.numbers().iter().map(|number| i16::from(number.get())).collect();
        let holds = queries::holds_of(user, schedule, moment(now));
        let caller = try_join(
            ticket_of(&connection, request.ticket, request.user),
            holds.get_result::<(Option<i64>, Option<i64>)>(&mut &*connection),
        );
        let wanted = try_join(
            async {
                queries::schedule_with_concert(schedule)
                    .select((ScheduleRow::as_select(), concerts::name))
                    .first::<(ScheduleRow, String)>(&mut &*connection)
                    .await
                    .optional()
            },
            queries::seats_numbered(schedule, numbers).select(SeatRow::as_select()).load(&mut &*connection),
        );
        let ((ticket, holds), (show, seats)) = try_join(caller, wanted).await.map_err(storage_error)?;
        let recorded = find_record(&connection, request.user, Operation::HoldSeats, key).await;
        Ok(HoldFacts {
            ticket,
            recorded: recorded.map_err(storage_error)?,
            show: show.map(|(row, name)| row.show(&name).map(|show| (show, row.sales()))).transpose()?,
            seats: seats.into_iter().map(Seat::try_from).collect::<Result<_, _>>()?,
            holds: holds_so_far(holds)?,
        })
    }

    async fn commit_hold(&self, held: &SeatsHeld) -> Result<Commit<()>, StorageError> {
        let reservation = &held.reservation;
        let numbers: Vec<_> = reservation.seats.iter().map(|seat| i16::from(seat.number.get())).collect();
        let (key, fingerprint) = key_and_fingerprint(held.keyed.as_ref());
        let statement = Statement::<Hold>::new(values![
            StoredId(held.ticket.0),
            StoredId(reservation.id.0),
            StoredId(reservation.user.0),
            StoredId(reservation.show.schedule.0),
            numbers,
            StoredAmount(reservation.total_price),
            moment(reservation.reserved_at),
            moment(reservation.expires_at),
            held.holds_made,
            key,
            fingerprint,
        ]);
        let mut connection = self.connection().await?;
        let done = committing_row(StoredChange::HoldSeats, statement.load::<StoredId>(&mut connection)).await;
        errors::commit(done.map(|done| done.map(|_| ())))
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
