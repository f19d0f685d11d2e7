//! A visit: joining, waiting, what is done inside, and going.

use std::time::Duration;

use tokio::time::sleep;

use super::{Fan, person::Token};
use crate::{
    history::{Code, TicketStatus, Told},
    settings::CLAIM,
    wire::{answers::Answer, caller::Cut, outgoing::Outgoing},
};

/// Whether somebody's turn goes on.
pub(super) type GoesOn = bool;

impl Fan {
    pub(super) async fn visit(&mut self) {
        self.held.clear();
        if !self.join().await || !self.wait().await {
            return;
        }
        if self.stay_inside().await {
            let request = self.leave_request();
            match self.rng.u8(..20) {
                // Vanishes, so that the turn times out.
                0 => {}
                1 | 2 => drop(self.cut(&request).await),
                _ => drop(self.caller.call(&request).await),
            }
        }
        if self.happens(200) {
            self.try_an_ended_token().await;
        }
        if self.happens(300) {
            self.read_what_is_ones_own().await;
        }
    }

    /// Gets a token; none if the connection was cut, or the store is away.
    async fn join(&mut self) -> GoesOn {
        let request = self.join_request();
        if self.happens(30) {
            self.cut(&request).await;
        }
        let answer = if self.happens(30) {
            let (one, other) = tokio::join!(self.caller.call(&request), self.caller.call(&request));
            if one.token.is_some() { one } else { other }
        } else {
            self.caller.call(&request).await
        };
        if let (Told::Ticket { number, .. }, Some(text)) = (&answer.told, answer.token) {
            self.token = Token { text, number: *number };
            return true;
        }
        self.pause_if_away(&answer.told).await;
        false
    }

    /// Waits for the turn.
    async fn wait(&mut self) -> GoesOn {
        if self.happens(8) {
            // Too late, if it was admitted at once.
            sleep(CLAIM + Duration::from_millis(500)).await;
        }
        loop {
            let told = self.caller.call(&self.status_request()).await.told;
            match told {
                Told::Ticket { status: TicketStatus::Active, .. } => return true,
                Told::Ticket { status: TicketStatus::Ended, .. } => return false,
                _ if self.stage.is_over() => return false,
                _ => self.pause_if_away(&told).await,
            }
            if self.happens(5) {
                self.caller.call(&self.leave_request()).await;
                return false;
            }
            if self.happens(30) {
                // Not admitted: nothing may come of it.
                let schedule = self.stage.any_schedule(&mut self.rng);
                let seats = self.any_seats(4);
                self.caller.call(&self.hold_request(&schedule, seats)).await;
            }
            sleep(Duration::from_millis(self.rng.u64(10..60))).await;
        }
    }

    /// Makes a call over a connection that is cut.
    pub(super) async fn cut(&mut self, request: &Outgoing) -> Answer {
        let cut = match self.rng.u8(..6) {
            0..=2 => Cut::MidRequest,
            3 => Cut::AfterRequest(Duration::ZERO),
            _ => Cut::AfterRequest(Duration::from_micros(self.rng.u64(..6_000))),
        };
        self.caller.call_and_cut(request, Some(cut)).await
    }

    /// Makes a call that now and then is cut.
    pub(super) async fn call_or_cut(&mut self, request: &Outgoing) -> Told {
        let told = if self.happens(60) {
            self.cut(request).await.told
        } else {
            self.caller.call(request).await.told
        };
        self.pause_if_away(&told).await;
        told
    }

    pub(super) async fn pause_if_away(&mut self, told: &Told) {
        if told.code() == Some(Code::StoreUnavailable) {
            sleep(Duration::from_millis(self.rng.u64(50..200))).await;
        }
    }
}
