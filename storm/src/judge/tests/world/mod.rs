//! A small history, made by hand, and the database that goes with it. Times are in milliseconds, amounts in hundredths.

mod money;
mod room;
mod seats;

use crate::{
    history::{
        Ask, Call, Clock, Code, FanNumber, History, Id, Moment, Reason, Rules, SeatSet, Status, TicketStatus,
        Told,
    },
    judge::{Violation, judge},
    store::{SeatRow, State, WalletRow},
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
            answered_within: 10_000_000,
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
            is_cut: false,
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
}
