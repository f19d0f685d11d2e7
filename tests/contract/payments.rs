//! Payments: what becomes of one, and how they are looked up.

use chrono::Duration;
use domain::{
    catalog::{Occupancy, SeatStatus},
    commit::Commit,
    idempotency::IdempotencyRecord,
    money::Money,
    page::PageRequest,
    payment::{Payment, PaymentRequest, Receipt, Settlement},
    reservation::{Reservation, ReservationStatus},
    waiting_room::{EndReason, TicketState},
    wallet::{EntryKind, LedgerEntry},
};
use futures_util::future::join_all;

use crate::stage::{Guest, PRICE, Stage, committed, ended, idempotency_key, keyed, new_id, read_pages};

encore_tests::on_every_store! {
    crate::stage;
    what_a_payment_is_decided_from_is_loaded_at_once,
    what_is_anothers_is_not_loaded_for_a_payment,
    a_payment_changes_all_it_has_to_in_one_step,
    a_payment_may_take_the_last_of_a_balance,
    a_payment_of_nothing_is_a_payment,
    a_payment_leaves_other_holds_as_they_are,
    a_payment_frees_the_slot_of_its_turn,
    a_key_is_stored_with_the_payment,
    a_receipt_tells_the_balance_right_after_the_payment,
    an_unknown_payment_has_no_receipt,
    the_payment_of_another_user_has_no_receipt,
    the_payments_of_another_user_are_not_listed,
    pages_of_payments_tell_each_once_newest_first,
    of_simultaneous_payments_of_a_reservation_one_is_committed,
    of_simultaneous_payments_of_two_reservations_one_ends_the_turn,
    of_simultaneous_payments_with_one_key_one_is_committed,
    simultaneous_charges_and_payments_leave_no_gap_and_no_debt,
}

async fn commit(stage: &Stage, settlement: &Settlement) -> Commit<Money> {
    stage.ports.payments.commit_payment(settlement).await.unwrap()
}

fn request(guest: Guest, reservation: &Reservation) -> PaymentRequest {
    PaymentRequest {
        user: guest.user,
        ticket: guest.ticket,
        reservation: reservation.id,
        expected_amount: None,
    }
}

async fn what_a_payment_is_decided_from_is_loaded_at_once(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2]).await;
    stage.charge(guest, Money::from_minor(123)).await;
    let facts = stage.ports.payments.load_for_payment(&request(guest, &reservation), None).await.unwrap();
    assert_eq!(facts.ticket, Some(stage.ticket(guest.ticket).await));
    assert_eq!((facts.recorded, facts.balance), (None, Money::from_minor(123)));
    assert_eq!(facts.reservation, Some(reservation));
}

async fn what_is_anothers_is_not_loaded_for_a_payment(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(other, &show, &[1]).await;
    stage.charge(other, PRICE).await;
    let request = request(Guest { ticket: other.ticket, ..guest }, &reservation);
    let facts = stage.ports.payments.load_for_payment(&request, None).await.unwrap();
    assert_eq!((facts.ticket, facts.reservation, facts.balance), (None, None, Money::ZERO));
}

async fn a_payment_changes_all_it_has_to_in_one_step(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1, 2]).await;
    stage.charge(guest, Money::from_minor(25_001)).await;
    let settlement = stage.decide_payment(guest, &reservation);
    let left = Money::from_minor(5_001);
    assert_eq!(commit(&stage, &settlement).await, Commit::Committed(left));

    let paid = Reservation { status: ReservationStatus::Paid, ..reservation };
    assert_eq!(stage.reservation(&paid).await, paid);
    let seats = stage.seats(&show).await;
    let sold = Occupancy::Sold { to: paid.id };
    assert_eq!([seats[0].occupancy, seats[1].occupancy, seats[2].occupancy], [sold, sold, Occupancy::Free]);
    let entry = LedgerEntry {
        id: settlement.entry,
        user: guest.user,
        sequence: 2,
        kind: EntryKind::Payment,
        amount: Money::from_units(-200),
        balance_after: left,
        reference: Some(settlement.payment.id.0),
        at: settlement.payment.paid_at,
    };
    assert_eq!(stage.ports.wallets.entry(guest.user, entry.id).await.unwrap(), Some(entry));
    assert_eq!(stage.ports.wallets.balance(guest.user).await.unwrap(), left);
    assert_eq!(stage.ticket(guest.ticket).await.state, ended(EndReason::Paid));
    let receipt = stage.ports.payments.receipt(guest.user, settlement.payment.id).await.unwrap();
    assert_eq!(receipt, Some(Receipt { payment: settlement.payment, balance_after: left }));
    stage.check_invariants().await;
}

async fn a_payment_may_take_the_last_of_a_balance(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.charge(guest, PRICE).await;
    assert_eq!(
        commit(&stage, &stage.decide_payment(guest, &reservation)).await,
        Commit::Committed(Money::ZERO)
    );
}

async fn a_payment_of_nothing_is_a_payment(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule_with_seats(1, 1, Money::ZERO).await);
    let mut held = stage.decide_hold(guest, &show, &[1], Duration::minutes(5)).await;
    held.reservation.total_price = Money::ZERO;
    held.reservation.seats[0].price = Money::ZERO;
    assert_eq!(stage.ports.inventory.commit_hold(&held).await.unwrap(), Commit::Committed(()));
    let settlement = stage.decide_payment(guest, &held.reservation);
    assert_eq!(commit(&stage, &settlement).await, Commit::Committed(Money::ZERO));
    assert_eq!(stage.seat_statuses(&show, &[1]).await, [SeatStatus::Sold]);
    stage.check_invariants().await;
}

async fn a_payment_leaves_other_holds_as_they_are(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let (own, anothers) = (stage.hold(guest, &show, &[1]).await, stage.hold(other, &show, &[2]).await);
    stage.hold_and_pay(guest, &show, &[3]).await;
    assert_eq!(stage.reservation(&own).await, own);
    assert_eq!(stage.reservation(&anothers).await, anothers);
    assert_eq!(stage.seat_statuses(&show, &[1, 2]).await, [SeatStatus::Held; 2]);
    assert!(matches!(stage.ticket(other.ticket).await.state, TicketState::Active { .. }));
}

async fn a_payment_frees_the_slot_of_its_turn(stage: Stage) {
    let show = stage.schedule().await;
    stage.max_active(1).await;
    let guest = stage.guest().await;
    let next = stage.newcomer().await.ticket;
    assert_eq!(next.state, TicketState::Waiting);
    stage.hold_and_pay(guest, &show, &[1]).await;
    assert_eq!(stage.overview().await.active, 0, "expected the payment to free the slot");
    assert_eq!(stage.ports.room.admit().await.unwrap(), 1);
    assert!(matches!(stage.ticket(next.id).await.state, TicketState::Active { .. }));
}

async fn a_key_is_stored_with_the_payment(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.charge(guest, PRICE).await;
    let settlement = Settlement { keyed: keyed("key"), ..stage.decide_payment(guest, &reservation) };
    assert_eq!(commit(&stage, &settlement).await, Commit::Committed(Money::ZERO));
    for (key, expected) in [("key", Some(settlement.payment.id.0)), ("other", None)] {
        let key_asked = Some(idempotency_key(key));
        let facts =
            stage.ports.payments.load_for_payment(&request(guest, &reservation), key_asked).await.unwrap();
        let fingerprint = keyed(key).unwrap().fingerprint;
        assert_eq!(
            facts.recorded,
            expected.map(|result| IdempotencyRecord { fingerprint, result }),
            "under {key}"
        );
    }
}

async fn a_receipt_tells_the_balance_right_after_the_payment(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.charge(guest, Money::from_units(11)).await;
    let (_, payment) = stage.hold_and_pay(guest, &show, &[1]).await;
    stage.charge(stage.guest_again(guest.user).await, Money::from_units(500)).await;
    let receipt = stage.ports.payments.receipt(guest.user, payment.id).await.unwrap();
    assert_eq!(receipt, Some(Receipt { payment, balance_after: Money::from_units(11) }));
}

async fn an_unknown_payment_has_no_receipt(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    stage.hold_and_pay(guest, &show, &[1]).await;
    assert_eq!(stage.ports.payments.receipt(guest.user, new_id()).await.unwrap(), None);
}

async fn the_payment_of_another_user_has_no_receipt(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    let (_, payment) = stage.hold_and_pay(other, &show, &[1]).await;
    assert_eq!(stage.ports.payments.receipt(guest.user, payment.id).await.unwrap(), None);
}

async fn the_payments_of_another_user_are_not_listed(stage: Stage) {
    let (guest, other, show) = (stage.guest().await, stage.guest().await, stage.schedule().await);
    stage.hold_and_pay(other, &show, &[1]).await;
    let (_, own) = stage.hold_and_pay(guest, &show, &[2]).await;
    let listed =
        read_pages(10, async |page| stage.ports.payments.list(guest.user, page).await.unwrap()).await;
    assert_eq!(listed, [own]);
}

async fn pages_of_payments_tell_each_once_newest_first(stage: Stage) {
    let (user, show, now) = (stage.user().await, stage.schedule().await, stage.now());
    let mut payments: Vec<Payment> = Vec::new();
    for (seat, distance) in (1..).zip([1, 3, 2, 2, 2, 4, 1]) {
        let guest = stage.guest_again(user).await;
        let reservation = stage.hold(guest, &show, &[seat]).await;
        stage.charge(guest, PRICE).await;
        let mut settlement = stage.decide_payment(guest, &reservation);
        settlement.payment.paid_at = now + Duration::microseconds(distance);
        assert!(matches!(commit(&stage, &settlement).await, Commit::Committed(_)));
        payments.push(settlement.payment);
    }
    payments.sort_by_key(|payment| std::cmp::Reverse((payment.paid_at, payment.id)));
    for limit in [1, 2, 3, 7, 200] {
        let read = read_pages(limit, async |page| stage.ports.payments.list(user, page).await.unwrap()).await;
        assert_eq!(read, payments, "{limit} a page");
    }
}

async fn of_simultaneous_payments_of_a_reservation_one_is_committed(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.charge(guest, Money::from_units(10_000)).await;
    let decided: Vec<_> = (0..30).map(|_| stage.decide_payment(guest, &reservation)).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|settlement| commit(&stage, settlement))).await;
    assert_eq!(committed(&outcomes), 1, "expected a reservation to be paid once");
    let balance = stage.ports.wallets.balance(guest.user).await.unwrap();
    assert_eq!(balance, Money::from_units(9_900), "expected one debit");
    stage.check_invariants().await;
}

async fn of_simultaneous_payments_of_two_reservations_one_ends_the_turn(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservations = [stage.hold(guest, &show, &[1]).await, stage.hold(guest, &show, &[2]).await];
    stage.charge(guest, Money::from_units(10_000)).await;
    let decided: Vec<_> =
        (0..20).map(|place: usize| stage.decide_payment(guest, &reservations[place % 2])).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|settlement| commit(&stage, settlement))).await;
    assert_eq!(committed(&outcomes), 1, "expected a turn to end with the first payment");
    stage.check_invariants().await;
}

async fn of_simultaneous_payments_with_one_key_one_is_committed(stage: Stage) {
    let (guest, show) = (stage.guest().await, stage.schedule().await);
    let reservation = stage.hold(guest, &show, &[1]).await;
    stage.charge(guest, Money::from_units(10_000)).await;
    let keyed = |_| Settlement { keyed: keyed("key"), ..stage.decide_payment(guest, &reservation) };
    let decided: Vec<_> = (0..20).map(keyed).collect();
    let outcomes = stage.at_the_same_time(decided.iter().map(|settlement| commit(&stage, settlement))).await;
    assert_eq!(committed(&outcomes), 1);
    let winner = outcomes.iter().position(|outcome| *outcome != Commit::Stale).unwrap();
    let key = Some(idempotency_key("key"));
    let facts = stage.ports.payments.load_for_payment(&request(guest, &reservation), key).await.unwrap();
    let recorded = facts.recorded.map(|record| record.result);
    assert_eq!(recorded, Some(decided[winner].payment.id.0), "expected the key to lead to what was done");
}

async fn simultaneous_charges_and_payments_leave_no_gap_and_no_debt(stage: Stage) {
    let show = stage.schedule().await;
    for seat in 1..=5 {
        let guest = stage.guest().await;
        let reservation = stage.hold(guest, &show, &[seat]).await;
        stage.charge(guest, PRICE).await;
        let payments: Vec<_> = (0..3).map(|_| stage.decide_payment(guest, &reservation)).collect();
        let charges: Vec<_> = (0..12).map(|_| stage.decide_charge(guest, Money::from_minor(1))).collect();
        stage.open_every_connection().await;
        let (paid, charged) = tokio::join!(
            join_all(payments.iter().map(|settlement| commit(&stage, settlement))),
            join_all(charges.iter().map(|charged| stage.ports.wallets.commit_charge(charged))),
        );
        assert_eq!(committed(&paid), 1, "expected charges not to make a payment stale");
        let charged: Vec<_> = charged.into_iter().map(Result::unwrap).collect();
        let expected = Money::from_minor(i64::try_from(committed(&charged)).unwrap());
        assert_eq!(
            stage.ports.wallets.balance(guest.user).await.unwrap(),
            expected,
            "expected none to be lost"
        );
        let last =
            stage.ports.wallets.entries(guest.user, PageRequest::default()).await.unwrap().items[0].kind;
        assert_eq!(
            last,
            EntryKind::Payment,
            "expected nothing to be charged once the payment has ended the turn"
        );
    }
    stage.check_invariants().await;
}
