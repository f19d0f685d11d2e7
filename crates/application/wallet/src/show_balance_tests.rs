use domain::wallet::MockWallets;

use super::*;
use crate::samples::{SOMEBODY_ELSE, USER, assert_refused, away};

fn answering(answer: Result<Money, StorageError>) -> ShowBalance {
    let mut wallets = MockWallets::new();
    wallets.expect_balance().times(1).return_once(|owner| {
        assert_eq!(owner, USER, "whose balance is asked for");
        answer
    });
    ShowBalance::new(Arc::new(wallets))
}

#[tokio::test]
async fn a_balance_is_shown_to_its_owner() {
    let balance = Money::from_minor(1234);
    assert_eq!(answering(Ok(balance)).handle(USER, USER).await.unwrap(), balance);
}

#[tokio::test]
async fn a_balance_is_not_shown_to_somebody_else_nor_even_asked_for() {
    let mut wallets = MockWallets::new();
    wallets.expect_balance().never();
    let refused = ShowBalance::new(Arc::new(wallets)).handle(SOMEBODY_ELSE, USER).await;
    assert_refused!(refused, ShowBalanceError::NotTheOwner(NotTheOwner));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = answering(Err(away())).handle(USER, USER).await;
    assert_refused!(refused, ShowBalanceError::Storage(StorageError::Unavailable(_)));
}
