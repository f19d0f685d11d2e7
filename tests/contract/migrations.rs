//! Bringing a store's tables up to date.

use adapter_persistence::Store;
use encore_tests::databases::Database;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_can_migrate_one_server_at_once() {
    let database = Database::postgres().await;
    database.try_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    let address = database.address();
    let migrations = (0..4).map(|_| {
        let address = address.clone();
        tokio::spawn(async move { Store::migrate(&address).await })
    });
    for migrated in join_all(migrations).await {
        assert!(
            migrated.unwrap().is_ok(),
            "expected each to find the tables migrated, by itself or by another"
        );
    }
    assert!(Store::open(&address, 1).await.unwrap().is_migrated().await.unwrap());
}
