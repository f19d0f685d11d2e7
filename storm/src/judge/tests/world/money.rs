//! What is charged, paid and refunded.

use super::{OPERATOR, World, user};
use crate::{
    history::{Ask, FanNumber, Id, Moment, SeenEntry, SeenPayment, Told},
    store::{EntryKind, EntryRow, KeyRow, PaymentRow, RefundRow},
};

impl World {
    pub(in crate::judge::tests) fn charge(
        &mut self,
        fan: FanNumber,
        id: Id,
        amount: i64,
        key: u32,
        span: (Moment, Moment),
    ) {
        let balance = self.add_entry(id, fan, EntryKind::Charge, amount, 0);
        let told = Told::Charged { transaction: id, amount, balance };
        self.call(fan, Ask::Charge { owner: fan, amount }, told, span).key = key;
        self.state.keys.push(KeyRow { user: user(fan), key: format!("storm-{key}"), result: id });
    }

    pub(in crate::judge::tests) fn balance(&mut self, fan: FanNumber, balance: i64, span: (Moment, Moment)) {
        self.call(fan, Ask::Balance { owner: fan }, Told::Balance(balance), span);
    }

    pub(super) fn transactions(&mut self, fan: FanNumber, span: (Moment, Moment)) {
        let own = self.state.entries.iter().rev().filter(|row| row.user == user(fan));
        let shown = own.map(|row| SeenEntry { id: row.id, amount: row.amount, after: row.after }).collect();
        self.call(fan, Ask::Transactions { owner: fan }, Told::Transactions(shown), span);
    }

    pub(in crate::judge::tests) fn add_entry(
        &mut self,
        id: Id,
        fan: FanNumber,
        kind: EntryKind,
        amount: i64,
        reference: Id,
    ) -> i64 {
        let wallet = &mut self.state.wallets[usize::from(fan)];
        wallet.balance += amount;
        wallet.entries += 1;
        let (sequence, after) = (wallet.entries, wallet.balance);
        self.state.entries.push(EntryRow { id, user: user(fan), sequence, kind, amount, after, reference });
        after
    }

    pub(in crate::judge::tests) fn pay(
        &mut self,
        fan: FanNumber,
        reservation: Id,
        id: Id,
        ticket: u64,
        span: (Moment, Moment),
    ) {
        let payment = self.add_payment(id, reservation, fan, span.0);
        let balance = self.add_entry(id + 1_000, fan, EntryKind::Payment, -payment.amount, id);
        self.mark(reservation, true);
        self.end_ticket(ticket, "PAID");
        let ask = Ask::Pay { reservation, amount: None };
        self.call(fan, ask, Told::Paid { payment, balance }, span).ticket = ticket;
    }

    pub(in crate::judge::tests) fn add_payment(
        &mut self,
        id: Id,
        reservation: Id,
        fan: FanNumber,
        paid_at: Moment,
    ) -> SeenPayment {
        let amount = self.reservation(reservation).price;
        let row = PaymentRow { id, reservation, user: user(fan), amount, refunded: false, paid_at };
        self.state.payments.push(row);
        SeenPayment { id, reservation, amount, refunded: false }
    }

    pub(super) fn refund(&mut self, id: Id, span: (Moment, Moment)) {
        let row = self.state.payments.iter_mut().find(|row| row.id == id).unwrap();
        row.refunded = true;
        self.state.refunds.push(RefundRow { payment: id });
        let (reservation, amount) = (row.reservation, row.amount);
        let balance = self.add_entry(id + 2_000, 0, EntryKind::Refund, amount, id);
        self.mark(reservation, false);
        let payment = SeenPayment { id, reservation, amount, refunded: true };
        self.call(OPERATOR, Ask::Refund { payment: id }, Told::Paid { payment, balance }, span);
    }
}
