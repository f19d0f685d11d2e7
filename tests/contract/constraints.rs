//! What the database itself refuses, whatever the code does: SQL as it might be by mistake.

use domain::reservation::Reservation;
use uuid::Uuid;

use crate::stage::{Guest, PRICE, Stage};

encore_tests::on_every_store! {
    crate::stage;
    a_second_live_ticket_of_a_user_is_refused,
    a_number_that_is_given_twice_is_refused,
    a_number_below_one_is_refused,
    a_turn_without_an_end_is_refused,
    a_ticket_that_ended_without_a_reason_is_refused,
    a_second_waiting_room_is_refused,
    a_balance_below_nothing_is_refused,
    a_second_payment_of_a_reservation_is_refused,
    a_seat_that_is_sold_twice_is_refused,
    a_sold_seat_that_runs_out_is_refused,
    a_held_seat_that_never_runs_out_is_refused,
    a_seat_that_is_somebodys_and_nobodys_is_refused,
    a_seat_beyond_fifty_is_refused,
    a_seat_that_is_there_already_is_refused,
    a_reserved_seat_that_does_not_exist_is_refused,
    a_ledger_entry_can_not_be_changed,
    a_ledger_entry_can_not_be_removed,
    a_payment_that_adds_to_a_balance_is_refused,
    a_charge_that_takes_from_a_balance_is_refused,
    a_second_debit_of_a_payment_is_refused,
    a_place_in_a_ledger_that_is_given_twice_is_refused,
    a_key_that_is_stored_twice_is_refused,
    an_address_of_two_users_is_refused,
    an_unknown_status_is_refused,
}

/// A new id, as the store writes it.
fn new(stage: &Stage) -> String {
    stage.id(Uuid::now_v7())
}

async fn paid(stage: &Stage) -> (Guest, Reservation) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (reservation, _) = stage.hold_and_pay(guest, &show, &[1]).await;
    (guest, reservation)
}

async fn a_second_live_ticket_of_a_user_is_refused(stage: Stage) {
    stage.guest().await;
    let id = new(&stage);
    let sql = format!(
        "INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
         SELECT {id}, user_id, 999, 'WAITING', issued_at, issued_at FROM queue_tickets"
    );
    stage.refuses(&sql, ["queue_tickets_one_live_a_user", "queue_tickets.user_id"]).await;
}

async fn a_number_that_is_given_twice_is_refused(stage: Stage) {
    stage.guest().await;
    let (id, other) = (new(&stage), stage.id(stage.user().await.0));
    let sql = format!(
        "INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
         SELECT {id}, {other}, number, 'WAITING', issued_at, issued_at FROM queue_tickets"
    );
    stage.refuses(&sql, ["queue_tickets_number_is_unique", "queue_tickets.number"]).await;
}

async fn a_number_below_one_is_refused(stage: Stage) {
    stage.guest().await;
    // In SQLite a constraint without a name is called as the one before it.
    let words = ["queue_tickets_number_check", "queue_tickets_number_is_unique"];
    stage.refuses("UPDATE queue_tickets SET number = 0", words).await;
    stage
        .refuses(
            "UPDATE waiting_room SET last_number = -1",
            ["waiting_room_last_number_check", "last_number >= 0"],
        )
        .await;
}

async fn a_turn_without_an_end_is_refused(stage: Stage) {
    stage.guest().await;
    for sql in [
        "UPDATE queue_tickets SET expires_at = NULL",
        "UPDATE queue_tickets SET admitted_at = NULL",
        "UPDATE queue_tickets SET status = 'WAITING'",
    ] {
        stage.refuses(sql, ["queue_tickets_life"; 2]).await;
    }
}

async fn a_ticket_that_ended_without_a_reason_is_refused(stage: Stage) {
    stage.guest().await;
    for sql in [
        "UPDATE queue_tickets SET status = 'ENDED', ended_at = issued_at",
        "UPDATE queue_tickets SET status = 'ENDED', end_reason = 'LEFT'",
        "UPDATE queue_tickets SET end_reason = 'LEFT'",
    ] {
        stage.refuses(sql, ["queue_tickets_life"; 2]).await;
    }
}

async fn a_second_waiting_room_is_refused(stage: Stage) {
    stage.refuses("UPDATE waiting_room SET id = 2", ["waiting_room_id_check", "id = 1"]).await;
}

async fn a_balance_below_nothing_is_refused(stage: Stage) {
    stage.guest().await;
    stage.refuses("UPDATE wallets SET balance = -1", ["wallets_never_go_below_nothing"; 2]).await;
}

async fn a_second_payment_of_a_reservation_is_refused(stage: Stage) {
    paid(&stage).await;
    let id = new(&stage);
    let sql = format!(
        "INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
         SELECT {id}, reservation_id, user_id, amount, status, paid_at FROM payments"
    );
    stage.refuses(&sql, ["payments_one_a_reservation", "payments.reservation_id"]).await;
}

async fn a_seat_that_is_sold_twice_is_refused(stage: Stage) {
    let (_, reservation) = paid(&stage).await;
    let (id, other) = (new(&stage), stage.id(stage.user().await.0));
    stage
        .sql(&format!(
            "INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT {id}, {other}, schedule_id, 'PAID', total_price, reserved_at, expires_at FROM reservations;
             INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
             SELECT {id}, seat_number, schedule_id, seat_name, grade, price FROM reserved_seats
             WHERE reservation_id = {}",
            stage.id(reservation.id.0)
        ))
        .await;
    let sql = format!("UPDATE reserved_seats SET sold = true WHERE reservation_id = {id}");
    stage.refuses(&sql, ["reserved_seats_are_sold_once", "reserved_seats.seat_number"]).await;
}

async fn a_sold_seat_that_runs_out_is_refused(stage: Stage) {
    let (_, reservation) = paid(&stage).await;
    let until = stage.instant(reservation.expires_at);
    let sql = format!("UPDATE seats SET held_until = {until} WHERE sold");
    stage.refuses(&sql, ["seats_are_free_held_or_sold"; 2]).await;
}

async fn a_held_seat_that_never_runs_out_is_refused(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1]).await;
    let sql = "UPDATE seats SET held_until = NULL WHERE reservation_id IS NOT NULL";
    stage.refuses(sql, ["seats_are_free_held_or_sold"; 2]).await;
}

async fn a_seat_that_is_somebodys_and_nobodys_is_refused(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold(guest, &show, &[1]).await;
    for sql in [
        "UPDATE seats SET reservation_id = NULL WHERE reservation_id IS NOT NULL",
        "UPDATE seats SET sold = true WHERE reservation_id IS NULL",
    ] {
        stage.refuses(sql, ["seats_are_free_held_or_sold"; 2]).await;
    }
}

async fn a_seat_beyond_fifty_is_refused(stage: Stage) {
    stage.schedule().await;
    for number in [0, 51] {
        let id = new(&stage);
        let sql = format!(
            "INSERT INTO seats (schedule_id, seat_number, id, seat_name, grade, price)
             SELECT schedule_id, {number}, {id}, seat_name, grade, price FROM seats WHERE seat_number = 1"
        );
        stage.refuses(&sql, ["seats_seat_number_check", "seat_number BETWEEN 1 AND 50"]).await;
    }
    let words = ["schedules_total_seats_check", "total_seats BETWEEN 1 AND 50"];
    stage.refuses("UPDATE schedules SET total_seats = 51", words).await;
}

async fn a_seat_that_is_there_already_is_refused(stage: Stage) {
    stage.schedule().await;
    let id = new(&stage);
    let sql = format!(
        "INSERT INTO seats (schedule_id, seat_number, id, seat_name, grade, price)
         SELECT schedule_id, seat_number, {id}, seat_name, grade, price FROM seats WHERE seat_number = 1"
    );
    stage.refuses(&sql, ["seats_pkey", "seats.seat_number"]).await;
}

async fn a_reserved_seat_that_does_not_exist_is_refused(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 2, PRICE).await);
    stage.hold(guest, &show, &[1]).await;
    stage.refuses("UPDATE reserved_seats SET seat_number = 3", ["foreign key", "FOREIGN KEY"]).await;
}

async fn a_ledger_entry_can_not_be_changed(stage: Stage) {
    paid(&stage).await;
    for sql in
        ["UPDATE ledger_entries SET amount = 1 WHERE kind = 'CHARGE'", "UPDATE ledger_entries SET at = at"]
    {
        stage.refuses(sql, ["a ledger is only ever added to"; 2]).await;
    }
}

async fn a_ledger_entry_can_not_be_removed(stage: Stage) {
    paid(&stage).await;
    stage.refuses("DELETE FROM ledger_entries", ["a ledger is only ever added to"; 2]).await;
}

/// Adds an entry like the last one of its kind, but for some columns.
fn another_entry(
    stage: &Stage,
    like: &str,
    sequence: &str,
    kind: &str,
    amount: &str,
    reference: &str,
) -> String {
    format!(
        "INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
         SELECT {}, user_id, {sequence}, {kind}, {amount}, 0, {reference}, at FROM ledger_entries WHERE kind = '{like}'",
        new(stage)
    )
}

async fn a_payment_that_adds_to_a_balance_is_refused(stage: Stage) {
    paid(&stage).await;
    for (amount, reference) in [("5", "reference"), ("-5", "NULL")] {
        let sql = another_entry(&stage, "PAYMENT", "99", "kind", amount, reference);
        stage.refuses(&sql, ["ledger_entries_make_sense"; 2]).await;
    }
}

async fn a_charge_that_takes_from_a_balance_is_refused(stage: Stage) {
    paid(&stage).await;
    for amount in ["0", "-5"] {
        let sql = another_entry(&stage, "CHARGE", "99", "kind", amount, "reference");
        stage.refuses(&sql, ["ledger_entries_make_sense"; 2]).await;
    }
    let refund = another_entry(&stage, "PAYMENT", "99", "'REFUND'", "-5", "reference");
    stage.refuses(&refund, ["ledger_entries_make_sense"; 2]).await;
}

async fn a_second_debit_of_a_payment_is_refused(stage: Stage) {
    paid(&stage).await;
    let sql = another_entry(&stage, "PAYMENT", "99", "kind", "amount", "reference");
    stage.refuses(&sql, ["ledger_entries_one_of_a_kind_a_payment", "ledger_entries.reference"]).await;
}

async fn a_place_in_a_ledger_that_is_given_twice_is_refused(stage: Stage) {
    paid(&stage).await;
    let sql = another_entry(&stage, "CHARGE", "sequence", "kind", "amount", "reference");
    stage.refuses(&sql, ["ledger_entries_in_one_order", "ledger_entries.sequence"]).await;
}

async fn a_key_that_is_stored_twice_is_refused(stage: Stage) {
    let guest = stage.guest().await;
    let mut charged = stage.decide_charge(guest, PRICE);
    charged.keyed = crate::stage::keyed("key");
    stage.ports.wallets.commit_charge(&charged).await.unwrap();
    let sql = "INSERT INTO idempotency_records SELECT * FROM idempotency_records";
    stage.refuses(sql, ["idempotency_records_once", "idempotency_records.key"]).await;
}

async fn an_address_of_two_users_is_refused(stage: Stage) {
    stage.user().await;
    stage.user().await;
    let sql = "UPDATE users SET email = 'ada@example.org'";
    stage.refuses(sql, ["users_email_is_unique", "users.email"]).await;
}

async fn an_unknown_status_is_refused(stage: Stage) {
    paid(&stage).await;
    for (sql, words) in [
        ("UPDATE reservations SET status = 'LOST'", ["reservations_status_check", "status IN"]),
        ("UPDATE payments SET status = 'LOST'", ["payments_status_check", "status IN"]),
        ("UPDATE queue_tickets SET status = 'LOST'", ["queue_tickets_life"; 2]),
        ("UPDATE queue_tickets SET end_reason = 'LOST'", ["queue_tickets_end_reason_check", "end_reason IN"]),
        ("UPDATE waiting_room SET state = 'LOST'", ["waiting_room_state_check", "state IN"]),
        ("UPDATE waiting_room SET strategy = 'LOST'", ["waiting_room_strategy_check", "strategy IN"]),
    ] {
        stage.refuses(sql, words).await;
    }
}
