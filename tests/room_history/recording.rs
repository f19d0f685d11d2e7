//! The recorders themselves, on changes made by hand in each store: what they note is enough to find each kind
//! of trouble, and what was rolled back is not noted.

use encore_tests::{
    databases::Database,
    history::{checker::check, recorder, violation::Kind},
    on_every_store,
};
use uuid::Uuid;

on_every_store! { super::Database;
    what_is_in_order_is_noted_as_such,
    an_inversion_is_noted,
    too_many_turns_are_noted,
    an_admission_in_a_pause_is_noted,
    a_gap_is_noted,
    a_payment_that_is_missing_is_noted,
    a_deletion_is_noted,
    what_was_rolled_back_is_not_noted,
}

/// A room for one or two, with users 1 to 9.
struct Room {
    database: Database,
}

impl Room {
    async fn open(database: Database, cap: u32) -> Self {
        let room = Self { database };
        let user = |number| format!("({}, 'A fan', '{number}', '', {})", room.id(number), room.now());
        let users: Vec<_> = (1..=9).map(user).collect();
        room.run(&format!(
            "INSERT INTO users (id, name, email, password_hash, registered_at) VALUES {}",
            users.join(", ")
        ))
        .await;
        room.run(&format!(
            "INSERT INTO waiting_room (id, last_number, strategy, max_active, admit_count, interval_seconds,
                                       session_seconds, claim_seconds, state)
             VALUES (1, 0, 'MAX_ACTIVE', {cap}, 1, 1, 600, 60, 'OPEN')"
        ))
        .await;
        recorder::install(&room.database).await;
        room
    }

    async fn run(&self, sql: &str) {
        self.database.try_sql(sql).await.unwrap();
    }

    fn id(&self, number: u128) -> String {
        self.database.id(Uuid::from_u128(number))
    }

    /// The time of a statement.
    fn now(&self) -> &'static str {
        match self.database {
            Database::Sqlite { .. } => "CAST(unixepoch('subsec') * 1000000 AS integer)",
            Database::Postgres { .. } => "now()",
        }
    }

    fn issuing(&self, number: u128) -> String {
        let (id, now) = (self.id(number), self.now());
        format!(
            "INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
             VALUES ({id}, {id}, {number}, 'WAITING', {now}, {now});"
        )
    }

    async fn issue(&self, numbers: &[u128]) {
        for number in numbers {
            self.run(&self.issuing(*number)).await;
        }
    }

    /// Admits in one statement, which changes the rows in the order that the store likes.
    async fn admit(&self, numbers: &str) {
        let now = self.now();
        let end = match self.database {
            Database::Sqlite { .. } => format!("{now} + 600000000"),
            Database::Postgres { .. } => format!("{now} + interval '10 minutes'"),
        };
        self.run(&format!(
            "UPDATE queue_tickets SET status = 'ACTIVE', admitted_at = {now}, expires_at = {end}
             WHERE number IN ({numbers})"
        ))
        .await;
    }

    fn ending(&self, number: u128, reason: &str) -> String {
        let now = self.now();
        format!(
            "UPDATE queue_tickets SET status = 'ENDED', end_reason = '{reason}', ended_at = {now}
             WHERE number = {number};"
        )
    }

    /// A reservation and its payment, without anything that belongs to them.
    fn paying(&self, number: u128) -> String {
        let (id, now) = (self.id(number), self.now());
        format!(
            "INSERT INTO concerts VALUES ({id}, 'A concert', 'UTC', {now});
             INSERT INTO schedules VALUES ({id}, {id}, {now}, {now}, {now}, 1);
             INSERT INTO reservations VALUES ({id}, {id}, {id}, 'PAID', 0, {now}, {now});
             INSERT INTO payments VALUES ({id}, {id}, {id}, 0, 'PAID', {now});"
        )
    }

    async fn kinds(&self) -> Vec<Kind> {
        check(&recorder::read(&self.database).await).into_iter().map(|violation| violation.kind).collect()
    }
}

async fn what_is_in_order_is_noted_as_such(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1, 2, 3, 4]).await;
    room.admit("2, 1").await;
    let paid = format!("BEGIN; {} {} COMMIT", room.paying(1), room.ending(1, "PAID"));
    room.run(&paid).await;
    room.run(&room.ending(2, "LEFT")).await;
    room.admit("4, 3").await;
    room.run("UPDATE waiting_room SET last_number = 4, max_active = 1").await;
    assert_eq!(room.kinds().await, []);
    assert_eq!(recorder::read(&room.database).await.len(), 9, "a moment a commit");
}

async fn an_inversion_is_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1, 2]).await;
    room.admit("2").await;
    assert_eq!(room.kinds().await, [Kind::Inversion]);
}

async fn too_many_turns_are_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1, 2, 3]).await;
    room.admit("1, 2, 3").await;
    assert_eq!(room.kinds().await, [Kind::AboveCap]);
}

async fn an_admission_in_a_pause_is_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1]).await;
    room.run("UPDATE waiting_room SET state = 'PAUSED'").await;
    room.admit("1").await;
    assert_eq!(room.kinds().await, [Kind::AdmittedWhilePaused]);
}

async fn a_gap_is_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1, 3]).await;
    assert_eq!(room.kinds().await, [Kind::Gap]);
}

async fn a_payment_that_is_missing_is_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1]).await;
    room.admit("1").await;
    room.run(&room.ending(1, "PAID")).await;
    assert_eq!(room.kinds().await, [Kind::PaidWithoutPayment]);
}

async fn a_deletion_is_noted(database: Database) {
    let room = Room::open(database, 2).await;
    room.issue(&[1]).await;
    room.run("DELETE FROM queue_tickets").await;
    assert_eq!(room.kinds().await, [Kind::ImpossibleStep]);
}

async fn what_was_rolled_back_is_not_noted(database: Database) {
    let room = Room::open(database, 2).await;
    let (whole, part) = (room.issuing(5), room.issuing(6));
    room.run(&format!("BEGIN; {whole} ROLLBACK")).await;
    room.run(&format!("BEGIN; SAVEPOINT one; {part} ROLLBACK TO one; {} COMMIT", room.issuing(1))).await;
    assert_eq!(room.kinds().await, []);
    assert_eq!(recorder::read(&room.database).await.len(), 1, "the one commit");
}
