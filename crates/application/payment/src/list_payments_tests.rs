use domain::{
    page::{Cursor, PageLimit},
    payment::MockPayments,
};
use uuid::Uuid;

use super::*;
use crate::samples::{USER, assert_refused, away, payment};

fn request() -> PageRequest {
    PageRequest { after: Some(Cursor { position: 5, id: Uuid::nil() }), limit: PageLimit::new(7).unwrap() }
}

fn answering(answer: Result<Page<Payment>, StorageError>) -> ListPayments {
    let mut payments = MockPayments::new();
    payments.expect_list().times(1).return_once(|user, page| {
        assert_eq!((user, page), (USER, request()), "whose payments are asked for, and which");
        answer
    });
    ListPayments::new(Arc::new(payments))
}

#[tokio::test]
async fn a_users_payments_are_listed() {
    let page = Page { items: vec![payment()], next: Some(payment().cursor()) };
    assert_eq!(answering(Ok(page.clone())).handle(USER, request()).await.unwrap(), page);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    assert_refused!(answering(Err(away())).handle(USER, request()).await, StorageError::Unavailable(_));
}
