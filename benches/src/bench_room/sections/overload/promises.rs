//! Whether the promises hold, by SQL.

use std::collections::HashSet;

use super::crowd::{INSIDE, Told};
use encore_benches::{report::Report, room::Room};

/// What must not be found: a promise, and a question for how often it was broken.
const BROKEN: &[(&str, &str)] = &[
    (
        "every balance is the sum of its ledger",
        "SELECT count(*) FROM wallets WHERE balance <>
         (SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE user_id = wallets.user_id)",
    ),
    (
        "every payment has one debit, of its amount",
        "SELECT count(*) FROM payments WHERE 1 <> (SELECT count(*) FROM ledger_entries
         WHERE reference = payments.id AND kind = 'PAYMENT' AND -ledger_entries.amount = payments.amount)",
    ),
    (
        "every seat has one owner",
        "SELECT count(*) FROM (SELECT 1 AS owners FROM reserved_seats
         JOIN reservations ON reservations.id = reservation_id AND status IN ('RESERVED', 'PAID')
         GROUP BY reserved_seats.schedule_id, seat_number HAVING count(*) > 1) AS seats_owned_twice",
    ),
    (
        "nobody was charged twice",
        "SELECT count(*) FROM (SELECT user_id FROM ledger_entries WHERE kind = 'CHARGE'
         GROUP BY user_id HAVING count(*) > 1) AS charged_twice",
    ),
    (
        "numbers have no gaps",
        "SELECT abs((SELECT last_number FROM waiting_room) - (SELECT count(*) FROM queue_tickets))",
    ),
];

/// Tells which promises were kept.
pub(super) async fn tell(report: &mut Report, room: &Room, told: &Told, most_inside: i64) {
    for (promise, question) in BROKEN {
        report.verdict(promise, room.database.number(question).await == 0);
    }
    let inside = most_inside.max(room.count("ACTIVE").await);
    report.verdict(
        &format!("at most {INSIDE} turns are live (looked at every second; {inside} at most)"),
        inside <= i64::try_from(INSIDE).unwrap(),
    );
    for (what, acknowledged, sql) in [
        ("charges", &told.charged, "SELECT user_id FROM ledger_entries WHERE kind = 'CHARGE'"),
        ("payments", &told.paid, "SELECT user_id FROM payments"),
        ("joins", &told.joined, "SELECT user_id FROM queue_tickets"),
    ] {
        let found = users(room, sql).await;
        let lost = acknowledged.iter().filter(|number| !found.contains(&id(**number))).count();
        report.verdict(
            &format!("all {} acknowledged {what} are there ({lost} are not)", acknowledged.len()),
            lost == 0,
        );
    }
}

/// A user's id as [`users`] tells it.
fn id(number: u64) -> String {
    Room::user(number).simple().to_string()
}

async fn users(room: &Room, sql: &str) -> HashSet<String> {
    let text = room.sql_text_of_id("user_id");
    room.database.texts(&format!("SELECT {text} AS text FROM ({sql}) AS users")).await.into_iter().collect()
}
