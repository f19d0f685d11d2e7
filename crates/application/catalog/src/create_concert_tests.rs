use domain::catalog::MockCatalog;

use super::*;
use crate::samples::{assert_refused, at, away, clock, concert, ids};

fn command() -> CreateConcertCommand {
    CreateConcertCommand { name: concert().name, time_zone: TimeZone::new("Europe/Berlin").unwrap() }
}

#[tokio::test]
async fn a_concert_is_put_on_the_list() {
    let expected = Concert { time_zone: command().time_zone, created_at: at(10), ..concert() };
    let mut catalog = MockCatalog::new();
    let added = expected.clone();
    catalog.expect_add_concert().times(1).returning(move |concert| {
        assert_eq!(concert, &added, "what is put on the list");
        Ok(())
    });
    let create = CreateConcert::new(clock([at(10)]), ids([3]), Arc::new(catalog));
    assert_eq!(create.handle(command()).await.unwrap(), expected);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut catalog = MockCatalog::new();
    catalog.expect_add_concert().times(1).returning(|_| Err(away()));
    let create = CreateConcert::new(clock([at(10)]), ids([3]), Arc::new(catalog));
    assert_refused!(create.handle(command()).await, StorageError::Unavailable(_));
}
