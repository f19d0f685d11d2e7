use domain::{
    page::{Cursor, PageLimit},
    wallet::MockWallets,
};
use uuid::Uuid;

use super::*;
use crate::samples::{SOMEBODY_ELSE, USER, assert_refused, away, entry};

fn query() -> ListTransactionsQuery {
    let after = Some(Cursor { position: 5, id: Uuid::nil() });
    let page = PageRequest { after, limit: PageLimit::new(7).unwrap() };
    ListTransactionsQuery { caller: USER, owner: USER, page }
}

fn answering(answer: Result<Page<LedgerEntry>, StorageError>) -> ListTransactions {
    let mut wallets = MockWallets::new();
    wallets.expect_entries().times(1).return_once(|owner, page| {
        assert_eq!((owner, page), (USER, query().page), "whose entries are asked for, and which");
        answer
    });
    ListTransactions::new(Arc::new(wallets))
}

#[tokio::test]
async fn a_ledger_is_listed_for_its_owner() {
    let page = Page { items: vec![entry()], next: Some(entry().cursor()) };
    assert_eq!(answering(Ok(page.clone())).handle(query()).await.unwrap(), page);
}

#[tokio::test]
async fn a_ledger_is_not_listed_for_somebody_else_nor_even_asked_for() {
    let mut wallets = MockWallets::new();
    wallets.expect_entries().never();
    let query = ListTransactionsQuery { caller: SOMEBODY_ELSE, ..query() };
    let refused = ListTransactions::new(Arc::new(wallets)).handle(query).await;
    assert_refused!(refused, ListTransactionsError::NotTheOwner(NotTheOwner));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = answering(Err(away())).handle(query()).await;
    assert_refused!(refused, ListTransactionsError::Storage(StorageError::Unavailable(_)));
}
