//! A fan, and what a fan remembers.

use std::{collections::VecDeque, sync::Arc};

use fastrand::Rng;

use crate::{
    history::{Call, FanNumber, Id, Moment, SeatSet, SeenReservation},
    stage::{Scheduled, Stage},
    wire::{caller::Caller, outgoing::Outgoing},
};

/// How many named requests are remembered, to be made again.
const REMEMBERED: usize = 24;

/// Somebody who has registered.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user's id.
    pub user: Id,
    /// What says who it is.
    pub access_token: String,
}

/// A queue token, and the number of its ticket.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) number: u64,
}

/// Seats that this fan holds, as far as the fan knows.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: Id,
    pub(super) schedule: Arc<Scheduled>,
    pub(super) seats: SeatSet,
    pub(super) price: i64,
    pub(super) expires: Moment,
}

/// A fan.
pub struct Fan {
    pub(super) number: FanNumber,
    pub(super) account: Account,
    pub(super) stage: Arc<Stage>,
    pub(super) caller: Caller,
    pub(super) rng: Rng,
    /// The token of this visit.
    pub(super) token: Token,
    /// What is held in this visit.
    pub(super) held: Vec<Held>,
    /// The newest of one's own reservations and payments.
    pub(super) own_reservations: VecDeque<Id>,
    pub(super) own_payments: VecDeque<Id>,
    /// Requests with a key that were made.
    pub(super) named: VecDeque<Outgoing>,
    last_key: u32,
}

impl Fan {
    /// A fan who comes for the first time.
    #[must_use]
    pub fn new(stage: Arc<Stage>, number: FanNumber, account: Account) -> Self {
        let mut rng = stage.settings.generator_of(u64::from(number));
        let caller = Caller::new(Arc::clone(&stage.wires), number, rng.fork());
        Self {
            number,
            account,
            stage,
            caller,
            rng,
            token: Token { text: String::new(), number: 0 },
            held: vec![],
            own_reservations: VecDeque::new(),
            own_payments: VecDeque::new(),
            named: VecDeque::new(),
            last_key: 0,
        }
    }

    /// Comes again and again until the storm is over; tells of every call.
    pub async fn live(mut self) -> Vec<Call> {
        while !self.stage.is_over() {
            self.visit().await;
        }
        self.caller.into_calls()
    }

    /// Whether something happens that happens so many times in a thousand.
    pub(super) fn happens(&mut self, in_a_thousand: u16) -> bool {
        self.rng.u16(..1_000) < in_a_thousand
    }

    pub(super) fn new_key(&mut self) -> u32 {
        self.last_key += 1;
        self.last_key
    }

    /// Remembers a request with a key.
    pub(super) fn remember(&mut self, outgoing: &Outgoing) {
        if self.named.len() == REMEMBERED {
            let forgotten = self.rng.usize(..REMEMBERED);
            self.named.remove(forgotten);
        }
        self.named.push_back(outgoing.clone());
    }

    /// Notes that seats are held.
    pub(super) fn note_hold(&mut self, schedule: Arc<Scheduled>, seen: &SeenReservation) {
        if self.held.iter().any(|held| held.id == seen.id) {
            return;
        }
        self.stage.show_reservation(self.number, seen.id, &mut self.rng);
        keep(&mut self.own_reservations, seen.id);
        self.held.push(Held {
            id: seen.id,
            schedule,
            seats: seen.seats,
            price: seen.price,
            expires: seen.expires,
        });
    }

    /// Notes that a hold was paid.
    pub(super) fn note_payment(&mut self, held: &Held, payment: Id) {
        use std::sync::atomic::Ordering::Relaxed;
        if self.own_payments.contains(&payment) {
            return;
        }
        self.stage.show_payment(self.number, payment, &mut self.rng);
        keep(&mut self.own_payments, payment);
        held.schedule.sold.fetch_add(held.seats.count(), Relaxed);
        held.schedule.payments.lock().unwrap().push((payment, held.seats.count()));
    }
}

fn keep(ids: &mut VecDeque<Id>, id: Id) {
    ids.push_front(id);
    ids.truncate(16);
}
