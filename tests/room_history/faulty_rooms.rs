//! Whether the checker finds trouble: rooms in plain SQL, one as it should be and the others each with one
//! fault, that several connections use at once. The moments at which a fault shows are arranged, so that it
//! shows every time.

use std::{collections::BTreeSet, sync::Arc};

use encore_tests::{
    databases::Database,
    history::{
        checker::check,
        recorder,
        violation::{Kind, Violation, report},
    },
};
use futures_util::future::join_all;
use tokio::sync::Barrier;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// In what a room differs from one that keeps its promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Reads the counter and the turns without the room's lock.
    NoLock,
    /// Numbers from a sequence, before it has the lock.
    Sequence,
    /// Counts the turns once, and remembers what it has itself done since.
    RememberedCount,
    /// Admits whoever came last.
    LastComeFirst,
}

const INSTANCES: usize = 4;
const ROUNDS: usize = 20;
const CAP: i64 = 3;
/// In one round of so many somebody's join is rolled back, as an instance's is that is killed.
const ROUNDS_TO_A_ROLLBACK: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_as_it_should_be_passes() {
    let violations = judge(Fault::None).await;
    assert!(violations.is_empty(), "{}", report(&violations));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_without_its_lock_is_found_out() {
    let kinds = kinds(&judge(Fault::NoLock).await);
    assert!(kinds.is_superset(&[Kind::Repeat, Kind::AboveCap].into()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_numbers_from_a_sequence_is_found_out() {
    assert_eq!(kinds(&judge(Fault::Sequence).await), [Kind::Gap, Kind::IssuedOutOfOrder].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_remembers_its_count_is_found_out() {
    assert_eq!(kinds(&judge(Fault::RememberedCount).await), [Kind::AboveCap].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_lets_the_last_in_first_is_found_out() {
    assert_eq!(kinds(&judge(Fault::LastComeFirst).await), [Kind::Inversion].into());
}

fn kinds(violations: &[Violation]) -> BTreeSet<Kind> {
    violations.iter().map(|violation| violation.kind).collect()
}

/// Rounds of joins, all instances at once, with some leaving after each; then everybody leaves.
async fn judge(fault: Fault) -> Vec<Violation> {
    let database = Database::postgres().await;
    // The checker is to find a number that was handed out twice, and not the database.
    let prepare = format!(
        "ALTER TABLE queue_tickets DROP CONSTRAINT queue_tickets_number_is_unique;
         CREATE SEQUENCE places;
         INSERT INTO waiting_room (id, last_number, strategy, max_active, admit_count, interval_seconds,
                                   session_seconds, claim_seconds, state)
         VALUES (1, 0, 'MAX_ACTIVE', {CAP}, 1, 1, 600, 60, 'OPEN');"
    );
    database.try_sql(&prepare).await.unwrap();
    recorder::install(&database).await;
    let meeting = Arc::new(Barrier::new(INSTANCES));
    let mut instances =
        join_all((0..INSTANCES).map(|_| Instance::start(&database, fault, Arc::clone(&meeting)))).await;
    for round in 0..ROUNDS {
        let rolls_back = |place: usize| round % ROUNDS_TO_A_ROLLBACK == 1 && place == round % INSTANCES;
        let joins = instances.iter_mut().enumerate();
        join_all(joins.map(|(place, instance)| instance.join(rolls_back(place)))).await;
        for instance in &mut instances[..INSTANCES / 2] {
            instance.leave_first().await;
        }
    }
    while database.number("SELECT count(*) FROM queue_tickets WHERE status <> 'ENDED'").await > 0 {
        instances[0].leave_first().await;
    }
    let history = recorder::read(&database).await;
    assert!(history.len() > ROUNDS * INSTANCES, "{} moments were noted", history.len());
    check(&history)
}

/// One instance of a room: a connection, and what it remembers.
struct Instance {
    client: Client,
    fault: Fault,
    /// Everybody who joins in a round meets here.
    meeting: Arc<Barrier>,
    remembered_live: i64,
}

impl Instance {
    async fn start(database: &Database, fault: Fault, meeting: Arc<Barrier>) -> Self {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { client, fault, meeting, remembered_live: 0 }
    }

    async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Somebody new joins.
    async fn join(&mut self, rolls_back: bool) {
        let user = Uuid::now_v7();
        self.run(&format!(
            "INSERT INTO users (id, name, email, password_hash, registered_at)
             VALUES ('{user}', 'A fan', '{user}', 'none', now());
             BEGIN"
        ))
        .await;
        if self.fault == Fault::Sequence {
            let number = self.number("SELECT nextval('places')").await;
            let lets_others_go_first = number % 2 == 1;
            self.meeting.wait().await;
            if lets_others_go_first {
                self.meeting.wait().await;
            }
            let room = self.read_room().await;
            self.issue_and_admit(user, number, room, rolls_back).await;
            if !lets_others_go_first {
                self.meeting.wait().await;
            }
            return;
        }
        let room = self.read_room().await;
        if self.fault == Fault::NoLock {
            // Everybody has read before anybody writes.
            self.meeting.wait().await;
        }
        self.run(&format!("UPDATE waiting_room SET last_number = {}", room.last_number + 1)).await;
        self.issue_and_admit(user, room.last_number + 1, room, rolls_back).await;
    }

    async fn read_room(&self) -> Room {
        let lock = if self.fault == Fault::NoLock { "" } else { "FOR NO KEY UPDATE" };
        let last_number = self.number(&format!("SELECT last_number FROM waiting_room {lock}")).await;
        let live = match self.fault {
            Fault::RememberedCount => self.remembered_live,
            _ => self.number("SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'").await,
        };
        Room { last_number, live }
    }

    async fn issue_and_admit(&mut self, user: Uuid, number: i64, room: Room, rolls_back: bool) {
        let ticket = Uuid::now_v7();
        self.run(&format!(
            "INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
             VALUES ('{ticket}', '{user}', {number}, 'WAITING', clock_timestamp(), clock_timestamp())"
        ))
        .await;
        if rolls_back {
            self.run("ROLLBACK").await;
        } else {
            self.admit_and_commit(room.live).await;
        }
    }

    /// Whoever has been inside longest leaves, and others come in.
    async fn leave_first(&mut self) {
        self.run("BEGIN").await;
        let room = self.read_room().await;
        let left = self
            .client
            .execute(
                "UPDATE queue_tickets SET status = 'ENDED', end_reason = 'LEFT', ended_at = clock_timestamp()
                 WHERE id = (SELECT id FROM queue_tickets WHERE status <> 'ENDED' ORDER BY status, number LIMIT 1)",
                &[],
            )
            .await
            .unwrap();
        let left = i64::try_from(left).unwrap();
        self.remembered_live -= left;
        self.admit_and_commit(room.live - left).await;
    }

    async fn admit_and_commit(&mut self, live: i64) {
        let free = (CAP - live).max(0);
        let order = if self.fault == Fault::LastComeFirst { "DESC" } else { "ASC" };
        let admitted = self
            .client
            .execute(
                &format!(
                    "UPDATE queue_tickets SET status = 'ACTIVE', admitted_at = clock_timestamp(),
                            expires_at = clock_timestamp() + interval '1 hour'
                     WHERE id IN (SELECT id FROM queue_tickets WHERE status = 'WAITING'
                                  ORDER BY number {order} LIMIT {free})"
                ),
                &[],
            )
            .await
            .unwrap();
        self.remembered_live += i64::try_from(admitted).unwrap();
        self.run("COMMIT").await;
    }
}

/// What an instance knows of the room when it decides.
#[derive(Clone, Copy)]
struct Room {
    last_number: i64,
    live: i64,
}
