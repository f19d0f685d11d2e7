//! What is read for somebody whose turn it is does not grow with what others have stored, although the server has planned
//! its statements when there was nothing yet: see `docs/adr/0014`.

use std::time::Duration;

use domain::{commit::Commit, payment::PaymentRequest, reservation::Show, wallet::ChargeRequest};
use encore_tests::databases::Database;
use tokio::time::{sleep, timeout};

use crate::stage::{Guest, PRICE, Stage, postgres};

/// What others store meanwhile, of each kind.
const OTHERS: i64 = 3_000;
/// Guests before and after: a server plans a statement for good when it has been asked so often.
const FANS: usize = 8;
/// What may be read of one table for all sixteen, since a server may tell late of those before: 400 rows for each, who
/// has several statements look at the 50 seats of the date.
const READ_AT_MOST: i64 = 6_400;
/// Where the tickets are among them.
const TICKETS: usize = 2;
const TABLES: [&str; 11] = [
    "users",
    "wallets",
    "queue_tickets",
    "schedules",
    "reservations",
    "seats",
    "reserved_seats",
    "hold_counts",
    "payments",
    "ledger_entries",
    "idempotency_records",
];

/// Others who have their turns, hold seats, have paid for seats, and have had their turns.
fn others() -> String {
    let id = |kind: u32, number: &str| {
        format!("('{kind:08}-0000-7000-8000-' || lpad(({number})::text, 12, '0'))::uuid")
    };
    let [user, ticket, ended, held, paid, payment, entry] = [1, 2, 3, 4, 5, 6, 7].map(|kind| id(kind, "n"));
    let (schedule, concert) = (id(8, "(n - 1) / 50"), id(9, "0"));
    format!(
        "SET application_name = 'others';
         CREATE TEMPORARY TABLE others AS SELECT n, 1 + (n - 1) % 50 AS seat FROM generate_series(1, {OTHERS}) AS n;
         INSERT INTO users (id, name, email, password_hash, registered_at)
             SELECT {user}, 'Another', n || '@example.com', 'hash', now() FROM others;
         INSERT INTO wallets (user_id, balance, entries) SELECT {user}, 0, 1 FROM others;
         INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until, admitted_at, claimed_at,
                                    expires_at)
             SELECT {ticket}, {user}, 1000000 + n, 'ACTIVE', now(), now(), now(), now(), now() + '1 hour' FROM others;
         INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until, admitted_at, claimed_at,
                                    expires_at, end_reason, ended_at)
             SELECT {ended}, {user}, 2000000 + n, 'ENDED', now(), now(), now(), now(), now(), 'PAID', now() FROM others;
         INSERT INTO concerts (id, name, time_zone, created_at) VALUES ({concert}, 'Another', 'UTC', now());
         INSERT INTO schedules (id, concert_id, starts_at, sales_open_at, sales_close_at, total_seats)
             SELECT DISTINCT {schedule}, {concert}, now() + '2 days', now() - '1 hour'::interval, now() + '1 day', 50
             FROM others;
         INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT {held}, {user}, {schedule}, 'RESERVED', 1, now(), now() + '1 hour' FROM others;
         INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT {paid}, {user}, {schedule}, 'PAID', 1, now(), now() + '1 hour' FROM others;
         INSERT INTO seats (id, schedule_id, seat_number, seat_name, grade, price, reservation_id, held_until, sold)
             SELECT gen_random_uuid(), {schedule}, seat, 'A-' || seat, 'R', 1, {held}, now() + '1 hour', false
             FROM others;
         INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price, sold)
             SELECT {held}, seat, {schedule}, 'A-' || seat, 'R', 1, false FROM others;
         INSERT INTO hold_counts (user_id, schedule_id, holds_made) SELECT {user}, {schedule}, 1 FROM others;
         INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
             SELECT {payment}, {paid}, {user}, 1, 'PAID', now() FROM others;
         INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
             SELECT {entry}, {user}, 1, 'PAYMENT', -1, 0, {payment}, now() FROM others;
         INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
             SELECT {user}, 'HOLD_SEATS', 'key', 'asked', {held}, now() FROM others;"
    )
}

/// The rows that have been read of each table, by sessions that have ended.
async fn read(database: &Database) -> Vec<i64> {
    let read = TABLES.map(|table| {
        format!(
            "SELECT seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = '{table}')
             FROM pg_stat_user_tables WHERE relname = '{table}'"
        )
    });
    database.numbers(&read.each_ref().map(String::as_str)).await
}

/// Waits until nobody is connected of whom this is true.
async fn wait_until_gone(database: &Database, condition: &str) {
    let connected = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
             AND {condition}"
    );
    let gone = async {
        while database.number(&connected).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("sessions end when they are dropped");
}

/// All that a guest does, with everything that it is decided from.
async fn buy(stage: &Stage, guest: Guest, show: &Show, seats: [i64; 2]) {
    let ports = &stage.ports;
    let claimed = ports.room.claim(guest.ticket, guest.user).await.unwrap();
    assert!(claimed.is_some_and(|ticket| !ticket.is_unclaimed()), "expected the turn to be claimed");
    let [kept, given_back] =
        [stage.hold(guest, show, &seats[..1]).await, stage.hold(guest, show, &seats[1..]).await];
    ports.inventory.load_for_cancel(guest.ticket, guest.user, given_back.id).await.unwrap();
    let cancelled = ports.inventory.commit_cancel(&guest.decide_cancel(&given_back)).await.unwrap();
    assert_eq!(cancelled, Commit::Committed(()));
    let request = ChargeRequest { user: guest.user, ticket: guest.ticket, amount: PRICE };
    ports.wallets.load_for_charge(&request, None).await.unwrap();
    stage.charge(guest, PRICE).await;
    let request = PaymentRequest {
        user: guest.user,
        ticket: guest.ticket,
        reservation: kept.id,
        expected_amount: None,
    };
    ports.payments.load_for_payment(&request, None).await.unwrap();
    let payment = stage.pay(guest, &kept).await;
    ports.payments.load_for_refund(payment.id).await.unwrap();
    let refund = stage.decide_refund(&payment, 1);
    assert!(matches!(ports.payments.commit_refund(&refund).await.unwrap(), Commit::Committed(_)));
}

/// What is read of each table for guests, half of whom come when others have stored a lot.
async fn read_for_guests(stage: Stage) -> Vec<i64> {
    let show = stage.schedule().await;
    let guests = stage.guests(2 * FANS).await;
    stage.sql("UPDATE queue_tickets SET claimed_at = NULL").await;
    let (early, late) = guests.split_at(FANS);
    for (guest, seat) in early.iter().zip(1..) {
        buy(&stage, *guest, &show, [seat, 50]).await;
    }
    stage.sql(&others()).await;
    wait_until_gone(&stage.database, "application_name = 'others'").await;
    let before = read(&stage.database).await;
    for (guest, seat) in late.iter().zip(21..) {
        buy(&stage, *guest, &show, [seat, 50]).await;
    }
    let Stage { store, ports, database } = stage;
    drop((store, ports));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    database.try_sql(end).await.unwrap();
    wait_until_gone(&database, "true").await;
    let told = async {
        loop {
            let read: Vec<_> =
                read(&database).await.iter().zip(&before).map(|(after, before)| after - before).collect();
            // Servers before 15 tell a little later.
            if usize::try_from(read[TICKETS]).is_ok_and(|read| read >= FANS) {
                return read;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(10), told)
        .await
        .expect("a server counts what is read, unless `track_counts` is off")
}

fn expect_little(read: &[i64]) {
    for (table, read) in TABLES.iter().zip(read) {
        assert!(
            *read <= READ_AT_MOST,
            "expected at most {READ_AT_MOST} rows of {table} to be read, got {read}"
        );
    }
}

#[tokio::test]
async fn what_is_read_for_a_guest_does_not_grow_with_what_others_have_stored_since_the_first_came() {
    expect_little(&read_for_guests(postgres().await).await);
}

#[tokio::test]
async fn nor_does_it_where_the_tables_were_vacuumed_before_the_first_came() {
    let stage = postgres().await;
    stage.sql("VACUUM ANALYZE").await;
    expect_little(&read_for_guests(stage).await);
}
