//! A small history, made by hand, and the database that goes with it. Times are in milliseconds, amounts in hundredths.

use crate::{
    history::{
        Ask, Call, Clock, Code, FanNumber, History, Id, Moment, Reason, Rules, SeatSet, SeenEntry,
        SeenPayment, SeenReservation, Status, TicketStatus, Told,
    },
    judge::{Violation, judge},
    store::{EntryKind, EntryRow, KeyRow, PaymentRow, ReservationRow, SeatRow, State, TicketRow, WalletRow},
};

pub(super) const PRICE: i64 = 10_050;
const HOLD: i64 = 3_000_000;
const SCHEDULE: Id = 77;
/// The number of the operator, after those of the two fans.
pub(super) const OPERATOR: FanNumber = 2;

/// From when to when, in milliseconds.
pub(super) fn at(began: i64, ended: i64) -> (Moment, Moment) {
    (began * 1_000, ended * 1_000)
}

fn user(fan: FanNumber) -> Id {
    Id::from(fan) + 10
}

/// A history and a database.
pub(super) struct World {
    pub(super) history: History,
    pub(super) state: State,
}

impl World {
    fn empty() -> Self {
        let rules = Rules {
            hold: HOLD,
            session: 6_000_000,
            claim: 2_000_000,
            max_active: 3,
            seats_at_most: 4,
            finds_back: 20_000_000,
            slack: 100_000,
        };
        let seat = |number| SeatRow { schedule: SCHEDULE, number, reservation: 0, sold: false };
        let wallet = |fan| WalletRow { user: user(fan), balance: 0, entries: 0 };
        Self {
            history: History {
                rules,
                clock: Clock::of_the_calendar(),
                fans: vec![user(0), user(1)],
                schedules: vec![SCHEDULE],
                calls: vec![],
                samples: vec![(500_000, 2)],
                outages: vec![],
            },
            state: State {
                seats: (1..=50).map(seat).collect(),
                wallets: vec![wallet(0), wallet(1)],
                ..State::default()
            },
        }
    }

    /// One fan who charges, holds two seats, pays, and is refunded; another who holds a seat and gives it up, holds
    /// one until it runs out, and leaves.
    pub(super) fn sound() -> Self {
        let mut world = Self::empty();
        world.join(0, 1, at(0, 10));
        world.join(1, 2, at(5, 15));
        world.status(0, 1, TicketStatus::Active, None, at(20, 30));
        world.charge(0, 101, 50_000, 1, at(40, 50));
        world.hold(0, 201, &[1, 2], at(100, 110));
        world.hold(1, 202, &[3], at(100, 110));
        world.balance(0, 50_000, at(120, 130));
        world.cancel(1, 202, at(150, 160));
        world.pay(0, 201, 301, 1, at(200, 210));
        world.status(0, 1, TicketStatus::Ended, Some(Reason::Paid), at(212, 218));
        world.transactions(0, at(220, 230));
        world.join(0, 3, at(240, 250));
        world.hold(1, 203, &[4], at(300, 310));
        world.call(1, Ask::Leave, Told::Left, at(400, 410)).ticket = 2;
        world.end_ticket(2, "LEFT");
        world.refund(301, at(1_000, 1_010));
        world.read_reservation(0, 201, Status::Cancelled, at(1_100, 1_110));
        world.balance(0, 50_000, at(1_120, 1_130));
        world.read_reservation(1, 203, Status::Expired, at(3_500, 3_510));
        world
    }

    pub(super) fn judge(&self) -> Vec<Violation> {
        judge(&self.history, &self.state)
    }

    #[track_caller]
    pub(super) fn assert_sound(&self) {
        let violations = self.judge();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    pub(super) fn call(
        &mut self,
        fan: FanNumber,
        ask: Ask,
        told: Told,
        (began, ended): (Moment, Moment),
    ) -> &mut Call {
        self.history.calls.push(Call {
            fan,
            instance: 0,
            began,
            ended,
            ticket: 0,
            key: 0,
            ask,
            told,
            replayed: false,
            body: 1,
            fault: None,
        });
        self.history.calls.last_mut().unwrap()
    }

    pub(super) fn refused(status: u16, code: Code, seats: SeatSet) -> Told {
        Told::Refused { status, code, seats, reason: None, balance: -1 }
    }

    /// A call that asks this.
    pub(super) fn find(&mut self, is_it: impl Fn(&Call) -> bool) -> &mut Call {
        self.history.calls.iter_mut().find(|call| is_it(call)).expect("there is such a call")
    }

    pub(super) fn reservation(&mut self, id: Id) -> &mut ReservationRow {
        self.state.reservations.iter_mut().find(|row| row.id == id).expect("there is such a reservation")
    }

    pub(super) fn ticket(number: u64, status: TicketStatus, reason: Option<Reason>, is_new: bool) -> Told {
        Told::Ticket { number, status, reason, is_new, is_old_news: false }
    }

    pub(super) fn join(&mut self, fan: FanNumber, number: u64, span: (Moment, Moment)) {
        self.call(fan, Ask::Join, Self::ticket(number, TicketStatus::Waiting, None, true), span);
        self.add_ticket(fan, number);
    }

    pub(super) fn add_ticket(&mut self, fan: FanNumber, number: u64) {
        let (status, reason) = ("ACTIVE".to_owned(), String::new());
        self.state.tickets.push(TicketRow { number, user: user(fan), status, reason, has_run_out: false });
        self.state.last_number = number;
    }

    pub(super) fn status(
        &mut self,
        fan: FanNumber,
        number: u64,
        status: TicketStatus,
        reason: Option<Reason>,
        span: (Moment, Moment),
    ) {
        self.call(fan, Ask::Status, Self::ticket(number, status, reason, false), span).ticket = number;
    }

    pub(super) fn end_ticket(&mut self, number: u64, reason: &str) {
        let row = self.state.tickets.iter_mut().find(|row| row.number == number).unwrap();
        (row.status, row.reason) = ("ENDED".to_owned(), reason.to_owned());
    }

    pub(super) fn add_entry(
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

    pub(super) fn charge(&mut self, fan: FanNumber, id: Id, amount: i64, key: u32, span: (Moment, Moment)) {
        let balance = self.add_entry(id, fan, EntryKind::Charge, amount, 0);
        let told = Told::Charged { transaction: id, amount, balance };
        self.call(fan, Ask::Charge { owner: fan, amount }, told, span).key = key;
        self.state.keys.push(KeyRow { user: user(fan), key: format!("storm-{key}"), result: id });
    }

    pub(super) fn balance(&mut self, fan: FanNumber, balance: i64, span: (Moment, Moment)) {
        self.call(fan, Ask::Balance { owner: fan }, Told::Balance(balance), span);
    }

    fn transactions(&mut self, fan: FanNumber, span: (Moment, Moment)) {
        let own = self.state.entries.iter().rev().filter(|row| row.user == user(fan));
        let shown = own.map(|row| SeenEntry { id: row.id, amount: row.amount, after: row.after }).collect();
        self.call(fan, Ask::Transactions { owner: fan }, Told::Transactions(shown), span);
    }

    pub(super) fn add_reservation(&mut self, id: Id, fan: FanNumber, seats: SeatSet, span: (Moment, Moment)) {
        self.state.reservations.push(ReservationRow {
            id,
            user: user(fan),
            schedule: SCHEDULE,
            status: Status::Reserved,
            price: PRICE * i64::from(seats.count()),
            reserved_at: span.0,
            expires_at: span.0 + HOLD,
            seats,
            sold: SeatSet::default(),
        });
    }

    pub(super) fn seen(&mut self, id: Id, status: Status) -> SeenReservation {
        let row = self.reservation(id);
        SeenReservation {
            id,
            schedule: 0,
            seats: row.seats,
            price: row.price,
            status,
            expires: row.expires_at,
        }
    }

    pub(super) fn hold(&mut self, fan: FanNumber, id: Id, numbers: &[u8], span: (Moment, Moment)) {
        let seats = SeatSet::of(numbers);
        self.add_reservation(id, fan, seats, span);
        let seen = self.seen(id, Status::Reserved);
        self.call(fan, Ask::Hold { schedule: 0, seats }, Told::Reservation(seen), span);
    }

    pub(super) fn cancel(&mut self, fan: FanNumber, id: Id, span: (Moment, Moment)) {
        self.reservation(id).status = Status::Cancelled;
        let seen = self.seen(id, Status::Cancelled);
        self.call(fan, Ask::Cancel { reservation: id }, Told::Reservation(seen), span);
    }

    pub(super) fn read_reservation(
        &mut self,
        fan: FanNumber,
        id: Id,
        status: Status,
        span: (Moment, Moment),
    ) {
        let seen = self.seen(id, status);
        self.call(fan, Ask::Reservation { reservation: id }, Told::Reservation(seen), span);
    }

    fn mark(&mut self, reservation: Id, is_sold: bool) {
        let row = self.reservation(reservation);
        row.status = if is_sold { Status::Paid } else { Status::Cancelled };
        row.sold = if is_sold { row.seats } else { SeatSet::default() };
        let seats = row.seats;
        for seat in self.state.seats.iter_mut().filter(|seat| seats.has(seat.number)) {
            (seat.sold, seat.reservation) = (is_sold, if is_sold { reservation } else { 0 });
        }
    }

    pub(super) fn add_payment(
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

    pub(super) fn pay(
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

    fn refund(&mut self, id: Id, span: (Moment, Moment)) {
        let row = self.state.payments.iter_mut().find(|row| row.id == id).unwrap();
        row.refunded = true;
        let (reservation, amount) = (row.reservation, row.amount);
        let balance = self.add_entry(id + 2_000, 0, EntryKind::Refund, amount, id);
        self.mark(reservation, false);
        let payment = SeenPayment { id, reservation, amount, refunded: true };
        self.call(OPERATOR, Ask::Refund { payment: id }, Told::Paid { payment, balance }, span);
    }

    /// Asks for the list of seats, which shows these.
    pub(super) fn list(&mut self, free: SeatSet, sold: SeatSet, span: (Moment, Moment)) {
        self.call(1, Ask::Seats { schedule: 0 }, Told::Seats { available: free, sold }, span);
    }
}
