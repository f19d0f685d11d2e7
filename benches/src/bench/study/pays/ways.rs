//! Paying for a hold as textbooks have it, statement by statement: the same rows as the service changes.

use encore_benches::generator::{Attempt, Told};
use tokio_postgres::Row;
use uuid::Uuid;

use super::Wish;
use crate::study::sessions::{Session, Sessions};

macro_rules! read_reservation {
    ($locked:literal) => {
        concat!(
            "
            SELECT reservations.xmin::text AS version, reservations.total_price::bigint AS price,
                   reservations.status = 'RESERVED' AND reservations.expires_at > clock_timestamp() AS is_payable,
                   wallets.balance::bigint AS balance, wallets.entries,
                   EXISTS (
                       SELECT FROM queue_tickets
                       WHERE id = $3 AND user_id = $2 AND status = 'ACTIVE' AND expires_at > clock_timestamp()
                   ) AS has_turn
            FROM reservations JOIN wallets ON wallets.user_id = reservations.user_id
            WHERE reservations.id = $1 AND reservations.user_id = $2",
            $locked
        )
    };
}

const READ: &str = read_reservation!("");
const LOCK: &str = read_reservation!(" FOR UPDATE OF reservations, wallets");
/// The reservation's row has to be the version that was read, where one is named.
const PAY: &str = "
    UPDATE reservations SET status = 'PAID' WHERE id = $1 AND ($2::text IS NULL OR xmin = $2::text::xid)";
/// The count of the ledger's entries is the wallet's version: every change of the balance adds one.
const DEBIT: &str = "
    UPDATE wallets SET balance = $3::bigint, entries = entries + 1 WHERE user_id = $1 AND entries = $2";
const SELL: &str = "
    UPDATE seats SET sold = true, held_until = NULL
    FROM reserved_seats
    WHERE reserved_seats.reservation_id = $1 AND seats.schedule_id = reserved_seats.schedule_id
      AND seats.seat_number = reserved_seats.seat_number AND seats.reservation_id = $1";
const NOTE_SALE: &str = "UPDATE reserved_seats SET sold = true WHERE reservation_id = $1";
const NOTE_PAYMENT: &str = "
    INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
    VALUES ($1, $2, $3, $4::bigint, 'PAID', clock_timestamp())";
const ENTER: &str = "
    INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
    VALUES ($1, $2, $3, 'PAYMENT', -($4::bigint), $5::bigint, $6, clock_timestamp())";
const END_TURN: &str = "
    UPDATE queue_tickets SET status = 'ENDED', end_reason = 'PAID', ended_at = clock_timestamp()
    WHERE id = $1 AND status = 'ACTIVE'";

pub(super) const STATEMENTS: &[&str] =
    &[READ, LOCK, PAY, DEBIT, SELL, NOTE_SALE, NOTE_PAYMENT, ENTER, END_TURN];

/// Reads reservation and wallet, and changes them if they are still the versions that were read; begins again if one
/// is not.
pub(super) async fn optimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    let mut retries = 0;
    loop {
        let read = session.row(READ, &[&wish.reservation, &wish.user, &wish.ticket]).await;
        if !may_be_paid(&read) {
            return Attempt { told: Told::Refused, retries };
        }
        session.begin().await;
        if pay(&session, wish, &read, Some(read.get("version"))).await {
            session.commit().await;
            return Attempt { told: Told::Made, retries };
        }
        session.rollback().await;
        retries += 1;
    }
}

/// Locks reservation and wallet, waiting for whoever has locked them, and changes them if that may be.
pub(super) async fn pessimistic(sessions: &Sessions, wish: &Wish) -> Attempt {
    let session = sessions.lend().await;
    session.begin().await;
    let read = session.row(LOCK, &[&wish.reservation, &wish.user, &wish.ticket]).await;
    if !may_be_paid(&read) {
        session.rollback().await;
        return Attempt { told: Told::Refused, retries: 0 };
    }
    assert!(pay(&session, wish, &read, None).await, "expected what is locked to stay as it is");
    session.commit().await;
    Attempt { told: Told::Made, retries: 0 }
}

fn may_be_paid(read: &Row) -> bool {
    if !read.get::<_, bool>("is_payable") {
        return false;
    }
    let is_enough = read.get::<_, i64>("balance") >= read.get("price");
    assert!(
        is_enough && read.get::<_, bool>("has_turn"),
        "expected nothing but a payment to stand in the way"
    );
    true
}

/// Whether reservation and wallet were as they were read, and everything is changed now.
async fn pay(session: &Session, wish: &Wish, read: &Row, version: Option<&str>) -> bool {
    let Wish { reservation, user, ticket } = wish;
    let [price, balance, entries] = ["price", "balance", "entries"].map(|column| read.get::<_, i64>(column));
    let (balance_after, sequence) = (balance - price, entries + 1);
    if session.change(PAY, &[reservation, &version]).await == 0
        || session.change(DEBIT, &[user, &entries, &balance_after]).await == 0
    {
        return false;
    }
    let (payment, entry) = (Uuid::now_v7(), Uuid::now_v7());
    let changed = [
        session.change(SELL, &[reservation]).await,
        session.change(NOTE_SALE, &[reservation]).await,
        session.change(NOTE_PAYMENT, &[&payment, reservation, user, &price]).await,
        session.change(ENTER, &[&entry, user, &sequence, &price, &balance_after, &payment]).await,
        session.change(END_TURN, &[ticket]).await,
    ];
    assert_eq!(changed, [1; 5], "expected one of each");
    true
}
