//! A fault for each rule.

use super::{
    super::Rule,
    world::{OPERATOR, PRICE, World, at},
};
use crate::{
    history::{Ask, Call, Code, Reason, SeatSet, SeenPayment, Status, TicketStatus, Told},
    store::{EntryKind, RefundRow},
};

type Fault = fn(&mut World);

/// All seats but these.
fn all_but(numbers: &[u8]) -> SeatSet {
    (1..=50).filter(|number| !numbers.contains(number)).fold(SeatSet::default(), SeatSet::with)
}

fn none() -> SeatSet {
    SeatSet::default()
}

fn refused(status: u16, code: Code) -> Told {
    World::refused(status, code, none())
}

fn is_charge(call: &Call) -> bool {
    matches!(call.ask, Ask::Charge { .. })
}

fn again(world: &mut World, change: impl Fn(&mut Call)) {
    let mut call = world.find(is_charge).clone();
    (call.began, call.ended) = at(60, 70);
    change(&mut call);
    world.history.calls.push(call);
}

fn drop_entry(world: &mut World, kind: EntryKind) {
    world.state.entries.retain(|entry| entry.kind != kind);
}

pub(super) const FAULTS: &[(Rule, Fault)] = &[
    (Rule::Malformed, |world| world.find(is_charge).fault = Some("no problem+json".into())),
    (Rule::Unexpected, |world| {
        world.call(0, Ask::Concerts, refused(500, Code::Other), at(60, 70));
    }),
    (Rule::AwayTooLong, |world| {
        world.call(0, Ask::Concerts, refused(503, Code::StoreUnavailable), at(60, 70));
    }),
    (Rule::AnsweredLate, |world| {
        world.call(1, Ask::Payments, Told::Payments([].into()), at(5_000, 15_001));
    }),
    (Rule::AnsweredLate, |world| {
        world.history.outages.push(at(5_000, 15_000));
        world.call(1, Ask::Payments, refused(503, Code::StoreUnavailable), at(5_000, 15_001));
    }),
    (Rule::TwoOwners, |world| world.hold(1, 204, &[1], at(120, 130))),
    (Rule::ListedWhileOwned, |world| world.list(all_but(&[]), none(), at(305, 315))),
    (Rule::NotListedWhileFree, |world| world.list(all_but(&[1, 2, 4, 10]), SeatSet::of(&[1]), at(320, 330))),
    (Rule::SoldWhileNotPaid, |world| world.list(all_but(&[1, 2, 3]), SeatSet::of(&[1]), at(120, 130))),
    (Rule::TakenWhileFree, |world| {
        let seats = SeatSet::of(&[10]);
        let told = World::refused(409, Code::SeatTaken, seats);
        world.call(1, Ask::Hold { schedule: 0, seats }, told, at(60, 70));
    }),
    (Rule::SeatsAtTheEnd, |world| world.seat(30).sold = true),
    (Rule::HeldForNobody, |world| world.seat(30).reservation = 299),
    (Rule::HeldForNobody, |world| world.seat(3).reservation = 202),
    (Rule::HeldForNobody, |world| world.seat(5).reservation = 203),
    (Rule::HeldForNobody, |world| world.seat(4).schedule += 1),
    (Rule::LostHold, |world| world.state.reservations.retain(|row| row.id != 203)),
    (Rule::UnaskedHold, |world| world.add_reservation(204, 1, SeatSet::of(&[9]), at(60, 70))),
    (Rule::NotAllOrNone, |world| world.reservation(203).seats = SeatSet::of(&[4, 5])),
    (Rule::WrongHoldTime, |world| world.reservation(203).expires_at += 1_000_000),
    (Rule::AboveTheSeatLimit, |world| world.hold(1, 204, &[11, 12, 13, 14], at(320, 330))),
    (Rule::LimitWithoutReason, |world| {
        let ask = Ask::Hold { schedule: 0, seats: SeatSet::of(&[11, 12, 13]) };
        world.call(1, ask, refused(409, Code::SeatLimitReached), at(320, 330));
    }),
    (Rule::ImpossibleStatus, |world| world.read_reservation(0, 201, Status::Paid, at(150, 160))),
    (Rule::StatusAtTheEnd, |world| world.reservation(203).status = Status::Cancelled),
    (Rule::CancelledTwice, |world| world.cancel(1, 202, at(170, 180))),
    (Rule::CancelRefusedWithoutReason, |world| {
        world.call(1, Ask::Cancel { reservation: 203 }, refused(409, Code::NotCancellable), at(320, 330));
    }),
    (Rule::SomebodyElses, |world| world.read_reservation(1, 201, Status::Paid, at(220, 230))),
    (Rule::LostPayment, |world| {
        let payment = SeenPayment { id: 309, reservation: 203, amount: PRICE, refunded: false };
        let ask = Ask::Pay { reservation: 203, amount: None };
        world.call(1, ask, Told::Paid { payment, balance: 0 }, at(320, 330));
    }),
    (Rule::UnaskedPayment, |world| {
        world.add_payment(309, 203, 1, 320_000);
    }),
    (Rule::PaidTwice, |world| {
        world.add_payment(309, 201, 0, 215_000);
    }),
    (Rule::PaidTooLate, |world| world.state.payments[0].paid_at += 4_000_000),
    (Rule::PayRefusedWithoutReason, |world| {
        let ask = Ask::Pay { reservation: 203, amount: None };
        world.call(1, ask, refused(409, Code::HoldExpired), at(320, 330));
    }),
    (Rule::LostRefund, |world| world.state.payments[0].refunded = false),
    (Rule::UnaskedRefund, |world| {
        world.history.calls.retain(|call| !matches!(call.ask, Ask::Refund { .. }));
    }),
    (Rule::RefundsAtTheEnd, |world| world.state.refunds.clear()),
    (Rule::RefundsAtTheEnd, |world| world.state.refunds.push(RefundRow { payment: 301 })),
    (Rule::RefundsAtTheEnd, |world| world.state.refunds.push(RefundRow { payment: 309 })),
    (Rule::RefundsAtTheEnd, |world| {
        world.charge(1, 109, 50_000, 9, at(420, 430));
        world.pay(1, 203, 309, 2, at(440, 450));
        world.state.refunds.push(RefundRow { payment: 309 });
    }),
    (Rule::RefundedTwice, |world| {
        let mut call = world.find(|call| matches!(call.ask, Ask::Refund { .. })).clone();
        (call.began, call.ended) = at(1_020, 1_030);
        world.history.calls.push(call);
    }),
    (Rule::RefundRefusedWithoutReason, |world| {
        let told = refused(409, Code::AlreadyRefunded);
        world.call(OPERATOR, Ask::Refund { payment: 301 }, told, at(900, 910));
    }),
    (Rule::ImpossiblePayment, |world| {
        let seen = SeenPayment { id: 301, reservation: 201, amount: 2 * PRICE, refunded: true };
        world.call(0, Ask::Payment { payment: 301 }, Told::Payment(seen), at(220, 230));
    }),
    (Rule::GapInTheLedger, |world| world.state.entries[1].sequence = 5),
    (Rule::WrongRunningBalance, |world| world.state.entries[1].after += 1),
    (Rule::WrongWallet, |world| world.state.wallets[0].balance += 1),
    (Rule::NotOneDebit, |world| drop_entry(world, EntryKind::Payment)),
    (Rule::NotOneCredit, |world| drop_entry(world, EntryKind::Refund)),
    (Rule::LostCharge, |world| drop_entry(world, EntryKind::Charge)),
    (Rule::UnaskedCharge, |world| {
        world.add_entry(109, 1, EntryKind::Charge, 7, 0);
    }),
    (Rule::LedgerOutOfOrder, |world| {
        (world.find(is_charge).began, world.find(is_charge).ended) = at(500, 510);
    }),
    (Rule::ImpossibleBalance, |world| world.balance(0, 49_999, at(120, 130))),
    (Rule::ImpossibleLedger, |world| {
        world.call(0, Ask::Transactions { owner: 0 }, Told::Transactions([].into()), at(120, 130));
    }),
    (Rule::DifferentAnswers, |world| again(world, |call| (call.replayed, call.body) = (true, 2))),
    (Rule::TwoEffects, |world| again(world, |_| {})),
    (Rule::ReusedWithoutReason, |world| {
        let ask = Ask::Charge { owner: 0, amount: 7 };
        world.call(0, ask, refused(422, Code::IdempotencyKeyReused), at(60, 70)).key = 9;
    }),
    (Rule::ReusedUnnoticed, |world| {
        let ask = Ask::Charge { owner: 0, amount: 7 };
        world.call(0, ask, refused(401, Code::QueueTokenEnded), at(60, 70)).key = 1;
    }),
    (Rule::ForgottenKey, |world| again(world, |call| call.told = refused(401, Code::QueueTokenEnded))),
    (Rule::ReplayedFromNowhere, |world| world.find(is_charge).replayed = true),
    (Rule::GapInTheNumbers, |world| drop(world.state.tickets.remove(1))),
    (Rule::NumbersOutOfOrder, |world| {
        let join = world.find(|call| matches!(call.told, Told::Ticket { number: 1, is_new: true, .. }));
        (join.began, join.ended) = at(260, 270);
    }),
    (Rule::LostTicket, |world| world.state.tickets[0].user = world.state.tickets[1].user),
    (Rule::UnaskedTicket, |world| world.add_ticket(1, 4)),
    (Rule::AboveTheCap, |world| world.history.samples.push((600_000, 4))),
    (Rule::TurnNotEnded, |world| world.state.tickets[0].reason = "TIMED_OUT".to_owned()),
    (Rule::ChangedAfterTheEnd, |world| {
        world.charge(0, 109, 7, 9, at(1_200, 1_210));
        world.history.calls.last_mut().unwrap().ticket = 1;
    }),
    (Rule::ReadAfterTheEnd, |world| {
        world.balance(0, 50_000, at(4_000, 4_010));
        world.history.calls.last_mut().unwrap().ticket = 1;
    }),
    (Rule::EndedWithoutReason, |world| {
        world.status(0, 3, TicketStatus::Ended, Some(Reason::Paid), at(1_300, 1_310));
    }),
    (Rule::WentBack, |world| {
        world.status(0, 3, TicketStatus::Active, None, at(1_300, 1_310));
        world.status(0, 3, TicketStatus::Waiting, None, at(4_000, 4_010));
    }),
];
