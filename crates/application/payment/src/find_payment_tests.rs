use domain::{
    money::Money,
    payment::{MockPayments, PaymentStatus, Receipt},
};

use super::*;
use crate::samples::{PAYMENT, USER, assert_refused, away, payment};

fn answering(answer: Result<Option<Receipt>, StorageError>) -> FindPayment {
    let mut payments = MockPayments::new();
    payments.expect_receipt().times(1).return_once(|user, id| {
        assert_eq!((user, id), (USER, PAYMENT), "which payment is looked up");
        answer
    });
    FindPayment::new(Arc::new(payments))
}

#[tokio::test]
async fn a_payment_is_told_as_it_is_now() {
    let refunded = Payment { status: PaymentStatus::Refunded, ..payment() };
    let receipt = Receipt { payment: refunded.clone(), balance_after: Money::ZERO };
    assert_eq!(answering(Ok(Some(receipt))).handle(USER, PAYMENT).await.unwrap(), refunded);
}

#[tokio::test]
async fn an_unknown_payment_is_not_found() {
    assert_refused!(answering(Ok(None)).handle(USER, PAYMENT).await, FindPaymentError::NotFound);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let refused = answering(Err(away())).handle(USER, PAYMENT).await;
    assert_refused!(refused, FindPaymentError::Storage(StorageError::Unavailable(_)));
}
