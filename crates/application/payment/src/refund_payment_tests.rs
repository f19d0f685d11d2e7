use std::{sync::Mutex, time::Duration};

use domain::{
    commit::DECIDES_AGAIN_AT_MOST,
    money::Money,
    payment::{MockPayments, PaidReservation, Payment, PaymentStatus, Refund},
    reservation::ReservationStatus,
};
use uuid::Uuid;

use super::*;
use crate::samples::{PAYMENT, assert_refused, at, away, clock, ids, payment, reservation, timer};

/// What the store told to be there.
const HELD: Money = Money::from_units(107);

fn command() -> RefundPaymentCommand {
    RefundPaymentCommand { payment: PAYMENT, reason: Reason::new("The band is ill").unwrap() }
}

fn paid(status: PaymentStatus) -> PaidReservation {
    PaidReservation {
        payment: Payment { status, ..payment() },
        reservation: reservation(ReservationStatus::Paid),
    }
}

/// Ids are 100, 101 and so on, one an attempt.
fn refund(attempt: u128, second: i64) -> Refund {
    Refund {
        payment: paid(PaymentStatus::Refunded).payment,
        seats: 2,
        entry: TransactionId(Uuid::from_u128(99 + attempt)),
        reason: command().reason,
        refunded_at: at(second),
    }
}

fn loading(payments: &mut MockPayments, found: Option<PaidReservation>) {
    payments.expect_load_for_refund().times(1).return_once(|id| {
        assert_eq!(id, PAYMENT, "which payment is looked up");
        Ok(found)
    });
}

async fn handle(seconds: &[i64], payments: MockPayments) -> Result<RefundReceipt, RefundPaymentError> {
    handle_on(timer(), seconds, payments).await
}

async fn handle_on(
    (passing, waited): (Arc<dyn Timer>, Arc<Mutex<Vec<Duration>>>),
    seconds: &[i64],
    payments: MockPayments,
) -> Result<RefundReceipt, RefundPaymentError> {
    let instants: Vec<_> = seconds.iter().map(|second| at(*second)).collect();
    let refund = RefundPayment::new(clock(instants), passing, ids(), Arc::new(payments));
    let answer = refund.handle(command()).await;
    let waits = match &answer {
        Ok(_) | Err(RefundPaymentError::Refused(RefundRefused::AlreadyRefunded)) => {
            vec![GIVEN_BACK_TOLD_AFTER]
        }
        Err(_) => vec![],
    };
    assert_eq!(*waited.lock().unwrap(), waits, "what is waited for before {answer:?} is told");
    answer
}

#[tokio::test]
async fn a_payment_is_given_back_with_its_reason() {
    let (passing, waited) = timer();
    let waited_before = Arc::clone(&waited);
    let mut payments = MockPayments::new();
    loading(&mut payments, Some(paid(PaymentStatus::Paid)));
    payments.expect_commit_refund().times(1).withf(|given| *given == refund(1, 50)).return_once(move |_| {
        assert!(waited_before.lock().unwrap().is_empty(), "expected to wait once it is committed");
        Ok(Commit::Committed(HELD))
    });
    let receipt = handle_on((passing, waited), &[50], payments).await.unwrap();
    assert_eq!(receipt, RefundReceipt { refund: refund(1, 50), balance_after: HELD });
}

#[tokio::test]
async fn an_unknown_payment_is_not_given_back() {
    let mut payments = MockPayments::new();
    loading(&mut payments, None);
    assert_refused!(handle(&[50], payments).await, RefundPaymentError::PaymentNotFound);
}

#[tokio::test]
async fn what_the_rules_refuse_is_not_committed() {
    let mut payments = MockPayments::new();
    loading(&mut payments, Some(paid(PaymentStatus::Refunded)));
    let refused = handle(&[50], payments).await;
    assert_refused!(refused, RefundPaymentError::Refused(RefundRefused::AlreadyRefunded));

    let mut payments = MockPayments::new();
    loading(&mut payments, Some(paid(PaymentStatus::Paid)));
    let refused = handle(&[10_000], payments).await;
    assert_refused!(refused, RefundPaymentError::Refused(RefundRefused::ShowHasBegun));
}

#[tokio::test]
async fn whoever_was_overtaken_by_another_refund_is_told_so() {
    let mut payments = MockPayments::new();
    loading(&mut payments, Some(paid(PaymentStatus::Paid)));
    loading(&mut payments, Some(paid(PaymentStatus::Refunded)));
    payments.expect_commit_refund().times(1).return_once(|_| Ok(Commit::Stale));
    let refused = handle(&[50, 51], payments).await;
    assert_refused!(refused, RefundPaymentError::Refused(RefundRefused::AlreadyRefunded));
}

#[tokio::test]
async fn a_refund_overtaken_every_time_is_given_up() {
    let attempts = DECIDES_AGAIN_AT_MOST + 1;
    let mut payments = MockPayments::new();
    payments.expect_load_for_refund().times(attempts).returning(|_| Ok(Some(paid(PaymentStatus::Paid))));
    payments.expect_commit_refund().times(attempts).returning(|_| Ok(Commit::Stale));
    let refused = handle(&vec![50; attempts], payments).await;
    assert_refused!(refused, RefundPaymentError::Storage(StorageError::Unavailable(_)));
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut payments = MockPayments::new();
    payments.expect_load_for_refund().times(1).return_once(|_| Err(away()));
    let refused = handle(&[50], payments).await;
    assert_refused!(refused, RefundPaymentError::Storage(StorageError::Unavailable(_)));

    let mut payments = MockPayments::new();
    loading(&mut payments, Some(paid(PaymentStatus::Paid)));
    payments.expect_commit_refund().times(1).return_once(|_| Err(away()));
    let refused = handle(&[50], payments).await;
    assert_refused!(refused, RefundPaymentError::Storage(StorageError::Unavailable(_)));
}
