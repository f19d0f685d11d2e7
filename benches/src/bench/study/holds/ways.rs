//! Holding a seat as textbooks have it, statement by statement.
//!
//! They check the seat, the sale and the turn, and write the seat and its reservation: less than the service, which
//! also keeps the limit of seats a user and idempotency keys, and locks the turn.

use encore_benches::generator::{Attempt, Told};
use tokio_postgres::{Row, error::SqlState};

use super::Wish;
use crate::study::sessions::{Session, Sessions, Value};

macro_rules! read_seat {
    ($locked:literal) => {
        concat!(
            "
            SELECT seats.xmin::text AS version,
                   NOT seats.sold AND (seats.held_until IS NULL OR seats.held_until <= clock_timestamp()) AS is_free,
                   schedules.sales_open_at <= clock_timestamp()
                       AND schedules.sales_close_at > clock_timestamp() AS is_on_sale,
                   EXISTS (
                       SELECT FROM queue_tickets
                       WHERE id = $3 AND user_id = $4 AND status = 'ACTIVE' AND expires_at > clock_timestamp()
                   ) AS has_turn
            FROM seats JOIN schedules ON schedules.id = seats.schedule_id
            WHERE seats.schedule_id = $1 AND seats.seat_number = $2",
            $locked
        )
    };
}

const READ: &str = read_seat!("");
const LOCK: &str = read_seat!(" FOR UPDATE OF seats");
const LOCK_AT_ONCE: &str = read_seat!(" FOR UPDATE OF seats NOWAIT");

/// The seat's row has to be the version that was read, where one is named.
const TAKE: &str = "
    WITH held AS (
        UPDATE seats SET reservation_id = $3, held_until = clock_timestamp() + interval '5 minutes'
        WHERE schedule_id = $1 AND seat_number = $2 AND ($5::text IS NULL OR xmin = $5::text::xid)
        RETURNING schedule_id, price, held_until
    )
    INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
    SELECT $3, $4, schedule_id, 'RESERVED', price, clock_timestamp(), held_until FROM held";
const NOTE_SEAT: &str = "
    INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
    SELECT reservation_id, seat_number, schedule_id, seat_name, grade, price
    FROM seats WHERE schedule_id = $1 AND seat_number = $2";

pub(super) const STATEMENTS: &[&str] = &[READ, LOCK, LOCK_AT_ONCE, TAKE, NOTE_SEAT];

/// Reads the seat, and changes it if it is still the version that was read; begins again if it is not.
pub(super) async fn optimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    let mut retries = 0;
    loop {
        let seat = session.row(READ, &wish.question()).await;
        if !may_be_held(&seat) {
            return Attempt { told: Told::Refused, retries };
        }
        session.begin().await;
        if take(&session, wish, Some(seat.get("version"))).await {
            session.commit().await;
            return Attempt { told: Told::Made, retries };
        }
        session.rollback().await;
        retries += 1;
    }
}

/// Locks the seat, waiting for whoever has locked it, and changes it if it is free.
pub(super) async fn pessimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    session.begin().await;
    let seat = session.row(LOCK, &wish.question()).await;
    decide_locked(&session, wish, &seat).await
}

/// The same, but whoever finds the seat locked is told that somebody else is at it, whatever becomes of that.
pub(super) async fn pessimistic_at_once(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    session.begin().await;
    match session.try_row(LOCK_AT_ONCE, &wish.question()).await {
        Ok(seat) => decide_locked(&session, wish, &seat).await,
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            session.rollback().await;
            Attempt { told: Told::Busy, retries: 0 }
        }
        Err(error) => panic!("expected the lock or none, got {error}"),
    }
}

async fn decide_locked(session: &Session, wish: &Wish, seat: &Row) -> Attempt {
    if !may_be_held(seat) {
        session.rollback().await;
        return Attempt { told: Told::Refused, retries: 0 };
    }
    assert!(take(session, wish, None).await, "expected a locked seat to stay as it is");
    session.commit().await;
    Attempt { told: Told::Made, retries: 0 }
}

fn may_be_held(seat: &Row) -> bool {
    let [is_on_sale, has_turn] = ["is_on_sale", "has_turn"].map(|column| seat.get::<_, bool>(column));
    assert!(is_on_sale && has_turn, "expected nothing but the seat to stand in the way");
    seat.get("is_free")
}

/// Whether the seat was as it was read, and is the caller's now.
async fn take(session: &Session, wish: &Wish, version: Option<&str>) -> bool {
    let Wish { schedule, seat, user, reservation, .. } = wish;
    if session.change(TAKE, &[schedule, seat, reservation, user, &version]).await == 0 {
        return false;
    }
    session.change(NOTE_SEAT, &[schedule, seat]).await == 1
}

impl Wish {
    fn question(&self) -> [Value<'_>; 4] {
        [&self.schedule, &self.seat, &self.ticket, &self.user]
    }
}
