//! What fans do while it is their turn.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{Fan, person::Held, visit::GoesOn};
use crate::{
    history::{Ask, Code, SeatSet, Status, Told},
    settings::PRICE,
    stage::Scheduled,
    wire::outgoing::Outgoing,
};

impl Fan {
    /// Does this and that; tells whether the turn goes on.
    pub(super) async fn stay_inside(&mut self) -> GoesOn {
        let steps = self.rng.u8(4..24);
        for _ in 0..steps {
            if self.stage.is_over() {
                return true;
            }
            if !self.step().await {
                return false;
            }
        }
        true
    }

    async fn step(&mut self) -> GoesOn {
        match self.rng.u16(..1_000) {
            0..=39 => self.read(&self.concerts_request()).await,
            40..=99 => self.read(&self.schedules_request()).await,
            100..=199 => self.look_and_hold().await,
            200..=349 => self.hold_blindly().await,
            350..=449 => self.charge().await,
            450..=649 => self.pay_something().await,
            650..=719 => self.cancel_something().await,
            720..=799 => self.repeat_something().await,
            800..=899 => self.read_something().await,
            900..=969 => self.be_malicious().await,
            970..=989 => self.pay_twice_at_once().await,
            _ => self.dawdle_and_pay().await,
        }
    }

    async fn read(&mut self, request: &Outgoing) -> GoesOn {
        let told = self.caller.call(request).await.told;
        self.goes_on(&told).await
    }

    /// Whether the turn goes on after such an answer.
    pub(super) async fn goes_on(&mut self, told: &Told) -> GoesOn {
        self.pause_if_away(told).await;
        !matches!(told.code(), Some(Code::QueueTokenEnded | Code::NotAdmitted))
    }

    pub(super) fn any_seats(&mut self, at_most: u8) -> SeatSet {
        let count = self.rng.u8(1..=at_most);
        let first = self.rng.u8(1..=50);
        (0..count).fold(SeatSet::default(), |seats, place| seats.with((first - 1 + place * 3) % 50 + 1))
    }

    async fn look_and_hold(&mut self) -> GoesOn {
        let schedule = self.stage.any_schedule(&mut self.rng);
        let told = self.caller.call(&self.seats_request(&schedule)).await.told;
        let Told::Seats { available, .. } = told else { return self.goes_on(&told).await };
        let free: Vec<_> = available.numbers().collect();
        if free.is_empty() {
            return true;
        }
        let first = self.rng.usize(..free.len());
        let count = self.rng.usize(1..=4.min(free.len()));
        let seats: Vec<_> = free.iter().cycle().skip(first).take(count).copied().collect();
        self.hold(schedule, SeatSet::of(&seats)).await
    }

    async fn hold_blindly(&mut self) -> GoesOn {
        let schedule = self.stage.any_schedule(&mut self.rng);
        let seats = self.any_seats(4);
        self.hold(schedule, seats).await
    }

    async fn hold(&mut self, schedule: Arc<Scheduled>, seats: SeatSet) -> GoesOn {
        let mut request = self.hold_request(&schedule, seats);
        if self.happens(700) {
            request = request.keyed(self.new_key());
            self.remember(&request);
        }
        let told = if request.key > 0 && self.happens(30) {
            let (one, other) = tokio::join!(self.caller.call(&request), self.caller.call(&request));
            if matches!(one.told, Told::Reservation(_)) { one.told } else { other.told }
        } else {
            self.call_or_cut(&request).await
        };
        if let Told::Reservation(seen) = &told {
            self.note_hold(schedule, seen);
        }
        self.goes_on(&told).await
    }

    async fn charge(&mut self) -> GoesOn {
        let amount = match self.rng.u8(..3) {
            // Not enough for long.
            0 => self.rng.i64(1..PRICE),
            _ => self.rng.i64(PRICE..PRICE * 8),
        };
        let mut request = self.charge_request(self.number, amount);
        if self.happens(800) {
            request = request.keyed(self.new_key());
            self.remember(&request);
        }
        let told = if self.happens(60) {
            let (one, _) = tokio::join!(self.caller.call(&request), self.caller.call(&request));
            one.told
        } else {
            self.call_or_cut(&request).await
        };
        self.goes_on(&told).await
    }

    async fn pay_something(&mut self) -> GoesOn {
        let Some(held) = self.any_held() else { return self.hold_blindly().await };
        self.pay(&held).await
    }

    fn any_held(&mut self) -> Option<Held> {
        if self.held.is_empty() { None } else { Some(self.held[self.rng.usize(..self.held.len())].clone()) }
    }

    /// Pays, charging where the balance is too small.
    pub(super) async fn pay(&mut self, held: &Held) -> GoesOn {
        let amount = match self.rng.u8(..20) {
            0 => Some(held.price + 1),
            1..=4 => Some(held.price),
            _ => None,
        };
        let mut request = self.pay_request(held.id, amount);
        if self.happens(800) {
            request = request.keyed(self.new_key());
            self.remember(&request);
        }
        for _ in 0..3 {
            let told = self.call_or_cut(&request).await;
            match &told {
                Told::Paid { payment, .. } => {
                    self.note_payment(held, payment.id);
                    return false;
                }
                // Finds out by asking again, under the same name or any.
                Told::Unknown | Told::Unsent => {}
                Told::Refused { code: Code::InsufficientBalance, .. } if self.happens(700) => {
                    let charge = self.charge_request(self.number, held.price).keyed(self.new_key());
                    self.remember(&charge);
                    self.call_or_cut(&charge).await;
                }
                _ => return self.goes_on(&told).await,
            }
        }
        true
    }

    /// Pays one hold by two calls at once, with one key, two, or none.
    async fn pay_twice_at_once(&mut self) -> GoesOn {
        let Some(held) = self.any_held() else { return true };
        let request = self.pay_request(held.id, None);
        let (one, other) = match self.rng.u8(..3) {
            0 => (request.clone(), request),
            1 => {
                let key = self.new_key();
                (request.clone().keyed(key), request.keyed(key))
            }
            _ => (request.clone().keyed(self.new_key()), request.keyed(self.new_key())),
        };
        let (one, other) = tokio::join!(self.caller.call(&one), self.caller.call(&other));
        let mut goes_on = true;
        for told in [one.told, other.told] {
            if let Told::Paid { payment, .. } = &told {
                self.note_payment(&held, payment.id);
                goes_on = false;
            }
            goes_on &= self.goes_on(&told).await;
        }
        goes_on
    }

    async fn cancel_something(&mut self) -> GoesOn {
        let Some(held) = self.any_held() else { return true };
        let request = self.cancel_request(held.id);
        let told = if self.happens(50) {
            let (one, _) = tokio::join!(self.caller.call(&request), self.caller.call(&request));
            one.told
        } else {
            self.call_or_cut(&request).await
        };
        if matches!(told, Told::Reservation(_)) && self.happens(900) {
            self.held.retain(|other| other.id != held.id);
        }
        self.goes_on(&told).await
    }

    /// Comes about when the hold runs out, and then pays.
    async fn dawdle_and_pay(&mut self) -> GoesOn {
        if self.happens(600) {
            return true;
        }
        let Some(held) = self.any_held() else { return true };
        let spread = self.rng.i64(-150_000..150_000);
        let wait = (held.expires + spread - self.caller.now()).max(0);
        sleep(Duration::from_micros(u64::try_from(wait).unwrap_or(0))).await;
        self.pay(&held).await
    }

    async fn read_something(&mut self) -> GoesOn {
        let request = match self.rng.u8(..8) {
            0..=2 => self.balance_request(self.number),
            3 | 4 => self.transactions_request(self.number),
            _ => {
                self.read_what_is_ones_own().await;
                return true;
            }
        };
        self.read(&request).await
    }

    /// Reads what can be read with any token.
    pub(super) async fn read_what_is_ones_own(&mut self) {
        let reservation = self.own_reservations.get(self.rng.usize(..16)).copied();
        let payment = self.own_payments.get(self.rng.usize(..16)).copied();
        let request = match (self.rng.u8(..4), reservation, payment) {
            (0, Some(reservation), _) => self.reservation_request(reservation),
            (1, _, Some(payment)) => self.payment_request(payment),
            (2, ..) => self.payments_request(),
            _ => self.reservations_request(),
        };
        let told = self.caller.call(&request).await.told;
        if let (Ask::Reservations, Told::Reservations(seen)) = (request.ask, &told) {
            // What came of calls that were cut.
            for seen in seen.iter().filter(|seen| seen.status == Status::Reserved) {
                let schedules = self.stage.schedules.read().unwrap().clone();
                if let Some(schedule) = schedules.iter().find(|schedule| schedule.number == seen.schedule) {
                    self.note_hold(Arc::clone(schedule), seen);
                }
            }
        }
        self.pause_if_away(&told).await;
    }
}
