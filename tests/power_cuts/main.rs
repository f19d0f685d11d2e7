//! The power fails while fans charge, hold and pay on SQLite: whatever was acknowledged is there afterwards.
//!
//! Each write to the store's files, and each time they were brought to the disk, is noted. From that the disk is put
//! together as a power cut would have left it: what was brought to the disk, and of what was written since nothing,
//! everything, or any sectors. That a file exists at all is taken for granted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "test code"
)]

mod recording;

use encore_tests::{
    client::{Fan, Show, send},
    databases::Database,
    service::Service,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use self::recording::{Disk, Left, Recorder};

const FANS: usize = 24;
/// How often the power fails, each time with everything that a cut may leave.
const CUTS: usize = 40;

/// A change that was acknowledged, when, and the row that it made.
struct Acknowledged {
    place: u64,
    table: &'static str,
    id: Uuid,
}

/// A fan whom the service has registered: nobody else may write to the files that are recorded.
async fn registered(service: &Service) -> Fan<'_> {
    let email = format!("{}@example.org", Uuid::now_v7());
    let account = json!({"name": "A fan", "email": email, "password": "a password of the tests"});
    let user = send(service.request(Method::POST, "/users").json(&account)).await.expect(201).id_of("userId");
    service.join(user).await
}

/// One fan's evening: charges, a hold, a payment.
async fn buy(recorder: &Recorder, fan: &Fan<'_>, show: Show, seat: i64) -> Vec<Acknowledged> {
    let mut acknowledged = vec![];
    let mut note = |table, id| acknowledged.push(Acknowledged { place: recorder.place(), table, id });
    for _ in 0..5 {
        note("ledger_entries", fan.charge(500).await.expect(201).id_of("transactionId"));
    }
    let reservation = fan.hold(show.schedule, &[seat]).await.expect(201).id_of("reservationId");
    note("reservations", reservation);
    note("payments", fan.pay(reservation).await.expect(201).id_of("paymentId"));
    acknowledged
}

/// The store as a power cut has left it.
fn database_on(disk: &Disk) -> Database {
    let folder = tempfile::tempdir().unwrap();
    disk.put_into(folder.path());
    Database::Sqlite { folder }
}

/// Insists that the store is whole, and has what was acknowledged.
async fn check(database: &Database, acknowledged: &[&Acknowledged], when: &str) {
    assert_eq!(
        database.texts("SELECT integrity_check AS text FROM pragma_integrity_check").await,
        ["ok"],
        "{when}"
    );
    let wrong = [
        "SELECT count(*) FROM wallets WHERE balance <> \
         (SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE user_id = wallets.user_id)",
        "SELECT count(*) FROM payments WHERE NOT EXISTS \
         (SELECT 1 FROM ledger_entries WHERE reference = payments.id AND kind = 'PAYMENT')",
        "SELECT count(*) FROM reservations WHERE (status = 'PAID') <> \
         EXISTS (SELECT 1 FROM payments WHERE reservation_id = reservations.id)",
    ];
    assert_eq!(database.numbers(&wrong).await, [0, 0, 0], "expected no half of a change, {when}");
    for table in ["ledger_entries", "reservations", "payments"] {
        let ids: Vec<_> =
            acknowledged.iter().filter(|row| row.table == table).map(|row| database.id(row.id)).collect();
        let found =
            database.number(&format!("SELECT count(*) FROM {table} WHERE id IN ({})", ids.join(", "))).await;
        assert_eq!(
            usize::try_from(found),
            Ok(ids.len()),
            "expected every acknowledged row of {table} to be there, {when}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut() {
    let seed = std::env::var("POWER_CUT_SEED").map_or(20_261_121, |seed| seed.parse().unwrap());
    let recorder = Recorder::new();
    let database = Database::sqlite().await;
    let Database::Sqlite { folder } = &database else { panic!("it is SQLite") };
    let before = Disk::of(folder.path());
    let settings = recorder.settings(folder.path());
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Service::start(database, 1, &settings).await;
    let show = service.concert(1_000).await;
    let fans = join_all((0..FANS).map(|_| registered(&service))).await;
    let evenings = fans.iter().zip(1..).map(|(fan, seat)| buy(&recorder, fan, show, seat));
    let acknowledged: Vec<_> = join_all(evenings).await.into_iter().flatten().collect();
    let events = recorder.events();
    assert!(events.iter().any(recording::Event::is_sync), "expected the store to be brought to the disk");

    let mut random = fastrand::Rng::with_seed(seed);
    for cut in 0..CUTS {
        // The cut comes just after an answer, when what it told of has the least time behind it.
        let place = acknowledged[random.usize(..acknowledged.len())].place;
        let done = &events[..events.partition_point(|event| event.ends_at <= place)];
        let known: Vec<_> = acknowledged.iter().filter(|row| row.place <= place).collect();
        for left in [Left::Nothing, Left::Everything, Left::AnySectors { seed: random.u64(..) }] {
            let database = database_on(&before.clone().after(done, left));
            check(&database, &known, &format!("at cut {cut} of seed {seed}, which left {left:?}")).await;
        }
    }
}
