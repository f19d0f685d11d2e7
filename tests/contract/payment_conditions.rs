//! Every condition under which a payment is committed.

use domain::{
    catalog::Occupancy,
    commit::Commit,
    ids::{PaymentId, TransactionId},
    money::Money,
    payment::{Payment, Settlement},
    reservation::{Reservation, Show},
};

use crate::stage::{Guest, PRICE, Stage, keyed, new_id};

encore_tests::on_every_store! {
    crate::stage;
    a_hold_that_ran_out_is_not_paid,
    a_hold_whose_seat_was_taken_over_is_not_paid,
    a_hold_that_lost_one_of_its_seats_is_not_paid,
    a_hold_of_which_a_seat_was_sold_to_another_is_not_paid,
    another_price_is_not_paid,
    a_balance_that_is_too_small_leaves_the_hold,
    a_reservation_is_not_paid_twice,
    a_cancelled_hold_is_not_paid,
    an_expired_hold_is_not_paid,
    an_unknown_reservation_is_not_paid,
    a_hold_is_not_paid_with_the_wrong_ticket,
    the_hold_of_another_user_is_not_paid,
    a_payment_of_fewer_or_more_seats_than_are_held_is_refused,
    a_key_that_is_used_makes_the_next_payment_stale,
}

async fn commit(stage: &Stage, settlement: &Settlement) -> Commit<Money> {
    stage.ports.payments.commit_payment(settlement).await.unwrap()
}

/// Insists that a payment is stale, and that nothing at all has changed.
async fn expect_stale(stage: &Stage, settlement: &Settlement, why: &str) {
    let outcome = stage.without_a_trace(commit(stage, settlement)).await;
    assert_eq!(outcome, Commit::Stale, "expected a payment to be stale: {why}");
    let receipt = stage.ports.payments.receipt(settlement.payment.user, settlement.payment.id).await.unwrap();
    assert_eq!(receipt, None, "expected no payment: {why}");
}

/// Somebody with a thousand to spend.
async fn rich_guest(stage: &Stage) -> Guest {
    let guest = stage.guest().await;
    stage.charge(guest, Money::from_units(1000)).await;
    guest
}

async fn rich_guest_with_a_hold(stage: &Stage) -> (Guest, Show, Reservation) {
    let (guest, show) = (rich_guest(stage).await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2]).await;
    (guest, show, reservation)
}

async fn a_hold_that_ran_out_is_not_paid(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    let settlement = stage.decide_payment(guest, &reservation);
    stage.run_out_hold(&reservation).await;
    expect_stale(&stage, &settlement, "the hold ran out").await;
}

async fn a_hold_whose_seat_was_taken_over_is_not_paid(stage: Stage) {
    let (guest, show, reservation) = rich_guest_with_a_hold(&stage).await;
    let settlement = stage.decide_payment(guest, &reservation);
    stage.run_out_hold(&reservation).await;
    let other = stage.guest().await;
    let taken = stage.hold(other, &show, &[1]).await;
    expect_stale(&stage, &settlement, "a seat was taken over").await;
    assert_eq!(
        stage.seats(&show).await[0].occupancy,
        Occupancy::Held { by: taken.id, until: taken.expires_at }
    );
}

/// As if an instance with a clock that is far behind had stored a hold that outlives its seats.
async fn a_hold_that_lost_one_of_its_seats_is_not_paid(stage: Stage) {
    let (guest, show, reservation) = rich_guest_with_a_hold(&stage).await;
    let settlement = stage.decide_payment(guest, &reservation);
    let (id, past) = (stage.id(reservation.id.0), stage.instant(stage.now() - chrono::Duration::seconds(1)));
    stage.sql(&format!("UPDATE seats SET held_until = {past} WHERE reservation_id = {id}")).await;
    stage.hold(stage.guest().await, &show, &[2]).await;
    expect_stale(&stage, &settlement, "one of two seats is another's").await;
}

async fn a_hold_of_which_a_seat_was_sold_to_another_is_not_paid(stage: Stage) {
    let (guest, show, reservation) = rich_guest_with_a_hold(&stage).await;
    let settlement = stage.decide_payment(guest, &reservation);
    stage.run_out_hold(&reservation).await;
    let (sold, _) = stage.hold_and_pay(stage.guest().await, &show, &[1]).await;
    expect_stale(&stage, &settlement, "a seat was sold").await;
    assert_eq!(stage.seats(&show).await[0].occupancy, Occupancy::Sold { to: sold.id });
}

async fn another_price_is_not_paid(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    for amount in [Money::from_minor(19_999), Money::from_minor(20_001), Money::ZERO] {
        let settlement = stage.decide_payment(guest, &reservation);
        let settlement = Settlement { payment: Payment { amount, ..settlement.payment }, ..settlement };
        expect_stale(&stage, &settlement, "the price is another").await;
    }
}

async fn a_balance_that_is_too_small_leaves_the_hold(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.charge(guest, Money::from_minor(9_999)).await;
    let settlement = stage.decide_payment(guest, &reservation);
    expect_stale(&stage, &settlement, "a hundredth is missing").await;
    assert_eq!(stage.reservation(&reservation).await, reservation);
    stage.charge(guest, Money::from_minor(1)).await;
    assert_eq!(
        commit(&stage, &settlement).await,
        Commit::Committed(Money::ZERO),
        "expected another try to do"
    );
}

async fn a_reservation_is_not_paid_twice(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    let paid = stage.decide_payment(guest, &reservation);
    assert!(matches!(commit(&stage, &paid).await, Commit::Committed(_)));
    let guest = stage.guest_again(guest.user).await;
    expect_stale(&stage, &stage.decide_payment(guest, &reservation), "it is paid").await;
}

async fn a_cancelled_hold_is_not_paid(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    let settlement = stage.decide_payment(guest, &reservation);
    let cancelled = stage.ports.inventory.commit_cancel(&guest.decide_cancel(&reservation)).await.unwrap();
    assert_eq!(cancelled, Commit::Committed(()));
    expect_stale(&stage, &settlement, "it is cancelled").await;
}

async fn an_expired_hold_is_not_paid(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    // With its seats and its time, so that nothing but the status tells.
    let id = stage.id(reservation.id.0);
    stage.sql(&format!("UPDATE reservations SET status = 'EXPIRED' WHERE id = {id}")).await;
    expect_stale(&stage, &stage.decide_payment(guest, &reservation), "it is expired").await;
}

async fn an_unknown_reservation_is_not_paid(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    let unknown = Reservation { id: new_id(), ..reservation };
    expect_stale(&stage, &stage.decide_payment(guest, &unknown), "there is none").await;
}

async fn a_hold_is_not_paid_with_the_wrong_ticket(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    stage
        .with_every_wrong_ticket(guest, async |why, ticket| {
            let settlement = stage.decide_payment(Guest { ticket, ..guest }, &reservation);
            expect_stale(&stage, &settlement, why).await;
        })
        .await;
}

async fn the_hold_of_another_user_is_not_paid(stage: Stage) {
    let (_, _, reservation) = rich_guest_with_a_hold(&stage).await;
    let thief = rich_guest(&stage).await;
    expect_stale(&stage, &stage.decide_payment(thief, &reservation), "it is another's").await;
    assert_eq!(stage.reservation(&reservation).await, reservation);
}

async fn a_payment_of_fewer_or_more_seats_than_are_held_is_refused(stage: Stage) {
    let (guest, _, reservation) = rich_guest_with_a_hold(&stage).await;
    for seats in [1, 3] {
        let settlement = Settlement { seats, ..stage.decide_payment(guest, &reservation) };
        expect_stale(&stage, &settlement, "another number of seats is held").await;
    }
}

async fn a_key_that_is_used_makes_the_next_payment_stale(stage: Stage) {
    let (guest, show, first) = rich_guest_with_a_hold(&stage).await;
    let decide = |guest, reservation: &Reservation| {
        let settlement = stage.decide_payment(guest, reservation);
        let payment = Payment { id: new_id::<PaymentId>(), ..settlement.payment };
        Settlement { payment, entry: new_id::<TransactionId>(), keyed: keyed("key"), ..settlement }
    };
    assert!(matches!(commit(&stage, &decide(guest, &first)).await, Commit::Committed(_)));
    let guest = stage.guest_again(guest.user).await;
    let second = stage.hold(guest, &show, &[5]).await;
    assert_eq!(second.total_price, PRICE);
    expect_stale(&stage, &decide(guest, &second), "its key is used").await;
}
