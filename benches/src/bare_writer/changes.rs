//! The changes: the rows that the service writes, under the conditions that it asks for.

use std::time::{SystemTime, UNIX_EPOCH};

use encore_benches::{
    hall::{PRICE, Place, SEATS},
    room::Room,
};
use uuid::Uuid;

use crate::{
    step::{Value, step},
    writer::Change,
};

const MINUTES: i64 = 60_000_000;
/// A fingerprint is as long as this one.
const FINGERPRINT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Which of the changes it is, and how many users there are.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) number: u64,
    pub(crate) users: u64,
}

/// A change by its name.
pub(crate) fn changes(name: &str) -> fn(Number) -> Change {
    match name {
        "hold" => hold,
        "charge" => charge,
        "join" => join,
        "pay" => pay,
        _ => panic!("there is no change {name}"),
    }
}

fn id(kind: u8, number: u64) -> Value {
    Value::Id(Room::id(kind, number))
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(now.as_micros()).expect("it is not the end of time")
}

fn number(number: u64) -> Value {
    Value::Number(i64::try_from(number).expect("a number of the store"))
}

fn hold(Number { number: place, users }: Number) -> Change {
    let (user, place_in_hall, now) = (1 + place % users, Place(place), now());
    let (schedule, seat) = (place_in_hall.schedule(), place_in_hall.seat());
    let (reservation, at) = (Uuid::now_v7(), || Value::Number(now));
    let until = || Value::Number(now + 5 * MINUTES);
    vec![
        step!("INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT ?, user_id, schedules.id, 'RESERVED', ?, ?, ?
             FROM queue_tickets, schedules
             WHERE queue_tickets.id = ? AND user_id = ? AND status = 'ACTIVE' AND expires_at > ?
               AND schedules.id = ? AND sales_open_at <= ? AND sales_close_at > ?
               AND NOT EXISTS (SELECT 1 FROM hold_counts WHERE user_id = ? AND schedule_id = ?)",
            vec![
                Value::Id(reservation),
                number(PRICE * 100),
                at(),
                until(),
                id(2, user),
                id(1, user),
                at(),
                id(3, schedule),
                at(),
                at(),
                id(1, user),
                id(3, schedule),
            ], 1),
        step!("INSERT INTO hold_counts (user_id, schedule_id, holds_made) VALUES (?, ?, 1)",
            vec![id(1, user), id(3, schedule)], 1),
        step!("UPDATE seats SET reservation_id = ?, held_until = ?
             WHERE schedule_id = ? AND seat_number = ? AND NOT sold AND (held_until IS NULL OR held_until <= ?)",
            vec![Value::Id(reservation), until(), id(3, schedule), number(seat), at()], 1),
        step!("INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
             SELECT reservation_id, seat_number, schedule_id, seat_name, grade, price
             FROM seats WHERE schedule_id = ? AND seat_number = ?",
            vec![id(3, schedule), number(seat)], 1),
    ]
}

fn charge(Number { number: charge, users }: Number) -> Change {
    let (user, now, entry) = (1 + charge % users, now(), Uuid::now_v7());
    vec![
        step!(
            "UPDATE wallets SET balance = balance + 100, entries = entries + 1
             WHERE user_id = ? AND balance <= 99999999999900
               AND EXISTS (SELECT 1 FROM queue_tickets
                           WHERE id = ? AND user_id = ? AND status = 'ACTIVE' AND expires_at > ?)",
            vec![id(1, user), id(2, user), id(1, user), Value::Number(now)],
            1
        ),
        step!(
            "INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, at)
             SELECT ?, user_id, entries, 'CHARGE', 100, balance, ? FROM wallets WHERE user_id = ?",
            vec![Value::Id(entry), Value::Number(now), id(1, user)],
            1
        ),
        step!(
            "INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
             VALUES (?, 'CHARGE_BALANCE', ?, ?, ?, ?)",
            vec![
                id(1, user),
                Value::Text(format!("charge-{charge}")),
                Value::Text(FINGERPRINT.to_owned()),
                Value::Id(entry),
                Value::Number(now),
            ],
            1
        ),
    ]
}

fn join(Number { number: user, .. }: Number) -> Change {
    let (user, now) = (user + 1, now());
    vec![
        step!("UPDATE waiting_room SET last_number = last_number + 1", vec![], 1),
        step!(
            "INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
             SELECT ?, ?, last_number, 'WAITING', ?, ? FROM waiting_room",
            vec![Value::Id(Uuid::now_v7()), id(1, user), Value::Number(now), Value::Number(now + MINUTES)],
            1
        ),
    ]
}

fn pay(Number { number: user, .. }: Number) -> Change {
    let (now, payment, schedule) = (now(), Uuid::now_v7(), (user - 1) / SEATS + 1);
    let at = || Value::Number(now);
    vec![
        step!(
            "UPDATE reservations SET status = 'PAID'
             WHERE id = ? AND user_id = ? AND status = 'RESERVED' AND expires_at > ? AND total_price = ?",
            vec![id(6, user), id(1, user), at(), number(PRICE * 100)],
            1
        ),
        step!(
            "UPDATE seats SET sold = 1, held_until = NULL
             WHERE schedule_id = ? AND seat_number = ? AND reservation_id = ? AND NOT sold",
            vec![id(3, schedule), number(Place(user - 1).seat()), id(6, user)],
            1
        ),
        step!("UPDATE reserved_seats SET sold = 1 WHERE reservation_id = ?", vec![id(6, user)], 1),
        step!(
            "INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
             VALUES (?, ?, ?, ?, 'PAID', ?)",
            vec![Value::Id(payment), id(6, user), id(1, user), number(PRICE * 100), at()],
            1
        ),
        step!(
            "UPDATE wallets SET balance = balance - ?, entries = entries + 1 WHERE user_id = ? AND balance >= ?",
            vec![number(PRICE * 100), id(1, user), number(PRICE * 100)],
            1
        ),
        step!(
            "INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
             SELECT ?, user_id, entries, 'PAYMENT', -?, balance, ?, ? FROM wallets WHERE user_id = ?",
            vec![Value::Id(Uuid::now_v7()), number(PRICE * 100), Value::Id(payment), at(), id(1, user)],
            1
        ),
        step!(
            "UPDATE queue_tickets SET status = 'ENDED', end_reason = 'PAID', ended_at = ?
             WHERE id = ? AND user_id = ? AND status = 'ACTIVE' AND expires_at > ?",
            vec![at(), id(2, user), id(1, user), at()],
            1
        ),
        step!(
            "UPDATE queue_tickets SET status = 'ACTIVE', admitted_at = ?, expires_at = ?
             WHERE id = (SELECT id FROM queue_tickets
                         WHERE status = 'WAITING' AND NOT passed_over ORDER BY number LIMIT 1)
               AND (SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND expires_at > ?)
                   < (SELECT max_active FROM waiting_room)",
            vec![at(), Value::Number(now + 24 * 60 * MINUTES), at()],
            1
        ),
    ]
}
