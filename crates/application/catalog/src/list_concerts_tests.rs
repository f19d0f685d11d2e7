use domain::{
    catalog::MockCatalog,
    page::{Cursor, PageLimit},
};
use uuid::Uuid;

use super::*;
use crate::samples::{assert_refused, away, concert};

fn request() -> PageRequest {
    PageRequest { after: Some(Cursor { position: 5, id: Uuid::nil() }), limit: PageLimit::new(7).unwrap() }
}

fn answering(answer: Result<Page<Concert>, StorageError>) -> ListConcerts {
    let mut catalog = MockCatalog::new();
    catalog.expect_concerts().times(1).return_once(|page| {
        assert_eq!(page, request(), "the page that is asked for");
        answer
    });
    ListConcerts::new(Arc::new(catalog))
}

#[tokio::test]
async fn the_page_that_is_asked_for_is_listed() {
    let page = Page { items: vec![concert()], next: Some(Cursor { position: 6, id: Uuid::nil() }) };
    assert_eq!(answering(Ok(page.clone())).handle(request()).await.unwrap(), page);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(answering(Err(away())).handle(request()).await, StorageError::Unavailable(_));
}
