//! Refunds: what becomes of one, and every condition under which it is committed.

use chrono::Duration;
use domain::{
    catalog::SeatStatus,
    commit::Commit,
    ids::{PaymentId, ReservationId, UserId},
    money::Money,
    page::PageRequest,
    payment::{PaidReservation, Payment, PaymentStatus, Receipt, Refund},
    reservation::{Reservation, ReservationStatus},
    wallet::{EntryKind, LedgerEntry},
};
use futures_util::future::join_all;

use crate::stage::{Guest, PRICE, Stage, committed, new_id};

encore_tests::on_every_store! {
    crate::stage;
    what_a_refund_is_decided_from_is_loaded_at_once,
    an_unknown_payment_is_not_loaded_for_a_refund,
    a_refund_changes_all_it_has_to_in_one_step,
    a_refund_of_nothing_is_a_refund,
    a_refund_leaves_other_payments_as_they_are,
    refunded_seats_can_be_sold_again,
    a_payment_is_not_refunded_twice,
    once_the_show_has_begun_nothing_is_refunded,
    what_does_not_fit_together_is_not_refunded,
    of_simultaneous_refunds_of_a_payment_one_is_committed,
    simultaneous_charges_and_refunds_are_none_of_them_lost,
    a_freed_seat_goes_to_one_of_those_who_want_it_at_once,
}

async fn commit(stage: &Stage, refund: &Refund) -> Commit<Money> {
    stage.ports.payments.commit_refund(refund).await.unwrap()
}

/// Two seats, paid with all that the wallet held; and whose they are, with another turn.
async fn paid(stage: &Stage) -> (Guest, Reservation, Payment) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let (reservation, payment) = stage.hold_and_pay(guest, &show, &[1, 2]).await;
    (stage.guest_again(guest.user).await, reservation, payment)
}

async fn what_a_refund_is_decided_from_is_loaded_at_once(stage: Stage) {
    let (_, reservation, payment) = paid(&stage).await;
    let loaded = stage.ports.payments.load_for_refund(payment.id).await.unwrap();
    let reservation = Reservation { status: ReservationStatus::Paid, ..reservation };
    assert_eq!(loaded, Some(PaidReservation { payment, reservation }));
}

async fn an_unknown_payment_is_not_loaded_for_a_refund(stage: Stage) {
    paid(&stage).await;
    assert_eq!(stage.ports.payments.load_for_refund(new_id()).await.unwrap(), None);
}

async fn a_refund_changes_all_it_has_to_in_one_step(stage: Stage) {
    let (guest, reservation, payment) = paid(&stage).await;
    stage.charge(guest, Money::from_minor(7)).await;
    let refund = stage.decide_refund(&payment, 2);
    let balance_after = Money::from_minor(20_007);
    assert_eq!(commit(&stage, &refund).await, Commit::Committed(balance_after));

    let cancelled = Reservation { status: ReservationStatus::Cancelled, ..reservation };
    assert_eq!(stage.reservation(&cancelled).await, cancelled);
    assert_eq!(stage.seat_statuses(&cancelled.show, &[1, 2, 3]).await, [SeatStatus::Available; 3]);
    let entry = LedgerEntry {
        id: refund.entry,
        user: guest.user,
        sequence: 4,
        kind: EntryKind::Refund,
        amount: payment.amount,
        balance_after,
        reference: Some(payment.id.0),
        at: refund.refunded_at,
    };
    assert_eq!(stage.ports.wallets.entry(guest.user, entry.id).await.unwrap(), Some(entry));
    assert_eq!(stage.ports.wallets.balance(guest.user).await.unwrap(), balance_after);
    let refunded = Payment { status: PaymentStatus::Refunded, ..payment };
    let receipt = stage.ports.payments.receipt(guest.user, refunded.id).await.unwrap();
    assert_eq!(
        receipt,
        Some(Receipt { payment: refunded, balance_after: Money::ZERO }),
        "expected the receipt to tell the balance right after the payment"
    );
    let reasons = stage.number("SELECT count(*) FROM refunds WHERE reason = 'The band is ill'").await;
    assert_eq!(reasons, 1, "expected the reason to be kept");
    stage.check_invariants().await;
}

async fn a_refund_of_nothing_is_a_refund(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 1, Money::ZERO).await);
    let mut held = stage.decide_hold(guest, &show, &[1], Duration::minutes(5)).await;
    held.reservation.total_price = Money::ZERO;
    held.reservation.seats[0].price = Money::ZERO;
    assert_eq!(stage.ports.inventory.commit_hold(&held).await.unwrap(), Commit::Committed(()));
    let payment = stage.pay(guest, &held.reservation).await;
    assert_eq!(commit(&stage, &stage.decide_refund(&payment, 1)).await, Commit::Committed(Money::ZERO));
    assert_eq!(stage.seat_statuses(&show, &[1]).await, [SeatStatus::Available]);
    stage.check_invariants().await;
}

async fn a_refund_leaves_other_payments_as_they_are(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let (_, payment) = stage.hold_and_pay(guest, &show, &[1]).await;
    let (others, _) = stage.hold_and_pay(other, &show, &[2]).await;
    assert!(matches!(commit(&stage, &stage.decide_refund(&payment, 1)).await, Commit::Committed(_)));
    assert_eq!(stage.reservation(&others).await.status, ReservationStatus::Paid);
    assert_eq!(stage.seat_statuses(&show, &[1, 2]).await, [SeatStatus::Available, SeatStatus::Sold]);
    assert_eq!(stage.ports.wallets.balance(other.user).await.unwrap(), Money::ZERO);
    stage.check_invariants().await;
}

async fn refunded_seats_can_be_sold_again(stage: Stage) {
    let (_, reservation, payment) = paid(&stage).await;
    assert!(matches!(commit(&stage, &stage.decide_refund(&payment, 2)).await, Commit::Committed(_)));
    let next = stage.guest().await;
    let (again, second) = stage.hold_and_pay(next, &reservation.show, &[1, 2]).await;
    assert_eq!(stage.reservation(&again).await.status, ReservationStatus::Paid);
    assert!(matches!(commit(&stage, &stage.decide_refund(&second, 2)).await, Commit::Committed(_)));
    stage.check_invariants().await;
}

async fn stale(stage: &Stage, what: &str, refund: Refund) {
    let outcome = stage.without_a_trace(commit(stage, &refund)).await;
    assert_eq!(outcome, Commit::Stale, "expected no refund where {what}");
}

async fn a_payment_is_not_refunded_twice(stage: Stage) {
    let (_, reservation, payment) = paid(&stage).await;
    assert!(matches!(commit(&stage, &stage.decide_refund(&payment, 2)).await, Commit::Committed(_)));
    stale(&stage, "there was one before", stage.decide_refund(&payment, 2)).await;
    let next = stage.guest().await;
    stage.hold_and_pay(next, &reservation.show, &[1, 2]).await;
    stale(&stage, "the seats are another's by now", stage.decide_refund(&payment, 2)).await;
    stage.check_invariants().await;
}

async fn once_the_show_has_begun_nothing_is_refunded(stage: Stage) {
    let (_, reservation, payment) = paid(&stage).await;
    let now = stage.instant(stage.now());
    let schedule = stage.id(reservation.show.schedule.0);
    stage
        .sql(&format!(
            "UPDATE schedules SET starts_at = {now}, sales_open_at = {now}, sales_close_at = {now}
             WHERE id = {schedule}"
        ))
        .await;
    stale(&stage, "the show has begun", stage.decide_refund(&payment, 2)).await;
}

async fn what_does_not_fit_together_is_not_refunded(stage: Stage) {
    let (guest, reservation, payment) = paid(&stage).await;
    let (_, other_reservation, _) = paid(&stage).await;
    let refund = || stage.decide_refund(&payment, 2);
    let with = |change: fn(&mut Payment, ReservationId)| {
        let mut refund = refund();
        change(&mut refund.payment, other_reservation.id);
        refund
    };
    stale(&stage, "there is no such payment", with(|payment, _| payment.id = new_id::<PaymentId>())).await;
    stale(&stage, "another user paid", with(|payment, _| payment.user = new_id::<UserId>())).await;
    stale(&stage, "another price was paid", with(|payment, _| payment.amount = PRICE)).await;
    stale(&stage, "something else was paid for", with(|payment, other| payment.reservation = other)).await;
    let show = stage.schedule().await;
    let (second, _) = stage.hold_and_pay(guest, &show, &[1, 2]).await;
    let mut mixed_up = refund();
    mixed_up.payment.reservation = second.id;
    stale(&stage, "another reservation of the same user was paid for", mixed_up).await;
    stale(&stage, "other seats were paid for", Refund { seats: 1, ..refund() }).await;
    stage
        .sql(&format!(
            "UPDATE reservations SET status = 'CANCELLED' WHERE id = {}",
            stage.id(reservation.id.0)
        ))
        .await;
    stale(&stage, "the reservation is not paid", refund()).await;
}

async fn of_simultaneous_refunds_of_a_payment_one_is_committed(stage: Stage) {
    let (guest, _, payment) = paid(&stage).await;
    let decided: Vec<_> = (0..30).map(|_| stage.decide_refund(&payment, 2)).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|refund| commit(&stage, refund))).await;
    assert_eq!(committed(&outcomes), 1, "expected a payment to be refunded once");
    let balance = stage.ports.wallets.balance(guest.user).await.unwrap();
    assert_eq!(balance, payment.amount, "expected one credit");
    stage.check_invariants().await;
}

async fn simultaneous_charges_and_refunds_are_none_of_them_lost(stage: Stage) {
    let show = stage.schedule().await;
    let user = stage.user().await;
    let mut payments = vec![];
    for seat in 1..=4 {
        payments.push(stage.hold_and_pay(stage.guest_again(user).await, &show, &[seat]).await.1);
    }
    let guest = stage.guest_again(user).await;
    let refunds: Vec<_> = payments.iter().map(|payment| stage.decide_refund(payment, 1)).collect();
    let charges: Vec<_> = (0..12).map(|_| stage.decide_charge(guest, Money::from_minor(1))).collect();
    stage.open_every_connection().await;
    let (refunded, charged) = tokio::join!(
        join_all(refunds.iter().map(|refund| commit(&stage, refund))),
        join_all(charges.iter().map(|charged| stage.ports.wallets.commit_charge(charged))),
    );
    assert_eq!(committed(&refunded), 4, "expected charges not to make a refund stale");
    let charged: Vec<_> = charged.into_iter().map(Result::unwrap).collect();
    assert_eq!(committed(&charged), 12, "expected refunds not to make a charge stale");
    let balance = stage.ports.wallets.balance(user).await.unwrap();
    assert_eq!(balance, Money::from_minor(40_012), "expected none to be lost");
    let entries = stage.ports.wallets.entries(user, PageRequest::default()).await.unwrap().items;
    let sequences: Vec<_> = entries.iter().map(|entry: &LedgerEntry| entry.sequence).collect();
    assert_eq!(sequences, (1..=24).rev().collect::<Vec<_>>());
    stage.check_invariants().await;
}

async fn a_freed_seat_goes_to_one_of_those_who_want_it_at_once(stage: Stage) {
    let (_, reservation, payment) = paid(&stage).await;
    let mut guests = vec![];
    for _ in 0..10 {
        guests.push(stage.guest().await);
    }
    let mut wanted = vec![];
    for guest in &guests {
        wanted.push(stage.decide_hold(*guest, &reservation.show, &[1, 2], Duration::minutes(5)).await);
    }
    let refund = stage.decide_refund(&payment, 2);
    stage.open_every_connection().await;
    let (refunded, held) = tokio::join!(
        commit(&stage, &refund),
        join_all(wanted.iter().map(|held| stage.ports.inventory.commit_hold(held))),
    );
    assert!(matches!(refunded, Commit::Committed(_)), "expected holds not to keep a refund from happening");
    let held: Vec<_> = held.into_iter().map(Result::unwrap).collect();
    assert!(committed(&held) <= 1, "expected a freed seat to have one owner at most");
    stage.check_invariants().await;
}
