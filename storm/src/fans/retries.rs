//! Requests with an `Idempotency-Key` that are made again.

use super::{Fan, visit::GoesOn};
use crate::{
    history::{Ask, Told},
    wire::outgoing::Outgoing,
};

impl Fan {
    /// Makes a request again under its name: the same one, or another one under the same name.
    pub(super) async fn repeat_something(&mut self) -> GoesOn {
        let Some(request) = self.any_named() else { return true };
        let request = if self.happens(250) { self.changed(&request) } else { request };
        let told = if self.happens(100) {
            let (one, _) = tokio::join!(self.caller.call(&request), self.caller.call(&request));
            one.told
        } else {
            self.call_or_cut(&request).await
        };
        // An old hold may come of an old name only now.
        if let (Ask::Hold { schedule, .. }, Told::Reservation(seen)) = (request.ask, &told)
            && seen.expires > self.caller.now()
        {
            let schedules = self.stage.schedules.read().unwrap().clone();
            if let Some(schedule) = schedules.into_iter().find(|other| other.number == schedule) {
                self.note_hold(schedule, seen);
            }
        }
        if let (Ask::Pay { reservation, .. }, Told::Paid { payment, .. }) = (request.ask, &told)
            && let Some(held) = self.held.iter().find(|held| held.id == reservation).cloned()
        {
            self.note_payment(&held, payment.id);
        }
        self.goes_on(&told).await
    }

    pub(super) fn any_named(&mut self) -> Option<Outgoing> {
        let request = self.named.get(self.rng.usize(..self.named.len().max(1)))?;
        let (text, number) = (self.token.text.clone(), self.token.number);
        Some(Outgoing { token: text, ticket: number, ..request.clone() })
    }

    /// Another request under the same name.
    fn changed(&mut self, request: &Outgoing) -> Outgoing {
        let changed = match request.ask {
            Ask::Hold { seats, .. } => {
                let schedule = self.stage.any_schedule(&mut self.rng);
                let mut others = self.any_seats(4);
                if others == seats {
                    others = others.with(if seats.has(50) { 49 } else { 50 });
                }
                if others.count() > 4 {
                    return request.clone();
                }
                self.hold_request(&schedule, others)
            }
            Ask::Charge { amount, .. } => self.charge_request(self.number, amount + 1),
            Ask::Pay { reservation, amount } => {
                let other = if amount.is_none() { Some(1) } else { None };
                self.pay_request(reservation, other)
            }
            _ => return request.clone(),
        };
        changed.keyed(request.key)
    }
}
