//! A server that refuses a change at the very end, when its statement has answered and only the commit is left.
//!
//! A SQLite file has nothing that could: what would be refused is refused by the statement.

use encore_tests::databases::Database;

use crate::{
    attempts::{Kind, Told},
    stage::postgres,
    world::World,
};

/// Refuses whatever changes a table, when it is to be committed.
const REFUSES: &str = "
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RAISE EXCEPTION ''refused at the end''; END';";

const TABLES: &[&str] = &[
    "users",
    "concerts",
    "schedules",
    "reservations",
    "wallets",
    "payments",
    "queue_tickets",
    "waiting_room",
    "idempotency_records",
];

async fn begin_to_refuse(database: &Database) {
    let triggers = TABLES.iter().map(|table| {
        format!(
            "CREATE CONSTRAINT TRIGGER refused AFTER INSERT OR UPDATE OR DELETE ON {table} \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();"
        )
    });
    let sql = format!("{REFUSES} {}", triggers.collect::<String>());
    database.try_sql(&sql).await.unwrap();
}

async fn refuse_no_more(database: &Database) {
    let triggers = TABLES.iter().map(|table| format!("DROP TRIGGER refused ON {table};"));
    database.try_sql(&triggers.collect::<String>()).await.unwrap();
}

async fn is_told_of_no_success(world: &World, kind: Kind) {
    let attempt = kind.prepare(world).await;
    let before = world.measure().await;
    begin_to_refuse(&world.stage.database).await;
    let told = attempt().await;
    refuse_no_more(&world.stage.database).await;
    assert_eq!(told, Told::Unavailable, "{kind:?} that is refused at the very end");
    assert!((world.measure().await - before).is_nothing(), "expected nothing of {kind:?} to be kept");
    assert_eq!(attempt().await, Told::Done, "{kind:?} asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_is_told_that_something_is_done_before_it_is_committed() {
    let world = World::served(postgres().await).await;
    for kind in Kind::ALL.iter().filter(|kind| kind.is_over_http()) {
        is_told_of_no_success(&world, *kind).await;
    }
    world.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_is_told_that_something_is_done_before_it_is_committed() {
    let world = World::alone(postgres().await);
    for kind in Kind::ALL.iter().filter(|kind| !kind.is_over_http()) {
        is_told_of_no_success(&world, *kind).await;
    }
}
