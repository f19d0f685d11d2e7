//! What fans try that they should not.

use super::{Fan, visit::GoesOn};
use crate::{
    history::{Ask, Told},
    settings::PRICE,
};

impl Fan {
    /// Reaches for what is somebody else's.
    pub(super) async fn be_malicious(&mut self) -> GoesOn {
        let reservation = self.stage.reservation_of_another(self.number, &mut self.rng);
        let payment = self.stage.payment_of_another(self.number, &mut self.rng);
        let other = (self.number + self.rng.u16(1..self.stage.settings.fans)) % self.stage.settings.fans;
        let request = match (self.rng.u8(..7), reservation, payment) {
            (0, Some(reservation), _) => self.reservation_request(reservation),
            (1, Some(reservation), _) => self.cancel_request(reservation),
            (2, Some(reservation), _) => self.pay_request(reservation, None).keyed(self.new_key()),
            (3, _, Some(payment)) => self.payment_request(payment),
            (4, ..) => self.charge_request(other, PRICE),
            (5, ..) => self.transactions_request(other),
            _ => self.balance_request(other),
        };
        let told = self.caller.call(&request).await.told;
        self.goes_on(&told).await
    }

    /// Goes on with a token that is over.
    pub(super) async fn try_an_ended_token(&mut self) {
        let schedule = self.stage.any_schedule(&mut self.rng);
        let seats = self.any_seats(2);
        let request = match (self.rng.u8(..6), self.held.last()) {
            (0, Some(held)) => self.pay_request(held.id, None),
            (1, Some(held)) => self.cancel_request(held.id),
            (2, _) => self.charge_request(self.number, PRICE),
            (3, _) => self.status_request(),
            (4, _) => match self.any_named() {
                Some(request) => request,
                None => return,
            },
            _ => self.hold_request(&schedule, seats),
        };
        let told = self.caller.call(&request).await.told;
        // Where the turn was not over after all.
        if let (Ask::Hold { .. }, Told::Reservation(seen)) = (request.ask, &told)
            && request.key == 0
        {
            self.note_hold(schedule, seen);
        }
        if let (Ask::Pay { reservation, .. }, Told::Paid { payment, .. }) = (request.ask, &told)
            && let Some(held) = self.held.iter().find(|held| held.id == reservation).cloned()
        {
            self.note_payment(&held, payment.id);
        }
        self.pause_if_away(&told).await;
    }
}
