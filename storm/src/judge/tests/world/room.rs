//! What happens in the waiting room.

use super::{World, user};
use crate::{
    history::{Ask, FanNumber, Moment, Reason, TicketStatus, Told},
    store::TicketRow,
};

impl World {
    pub(in crate::judge::tests) fn join(&mut self, fan: FanNumber, number: u64, span: (Moment, Moment)) {
        self.call(fan, Ask::Join, Self::ticket(number, TicketStatus::Waiting, None, true), span);
        self.add_ticket(fan, number);
    }

    pub(in crate::judge::tests) fn add_ticket(&mut self, fan: FanNumber, number: u64) {
        let (status, reason) = ("ACTIVE".to_owned(), String::new());
        self.state.tickets.push(TicketRow { number, user: user(fan), status, reason, has_run_out: false });
        self.state.last_number = number;
    }

    pub(in crate::judge::tests) fn ticket(
        number: u64,
        status: TicketStatus,
        reason: Option<Reason>,
        is_new: bool,
    ) -> Told {
        Told::Ticket { number, status, reason, is_new, is_old_news: false }
    }

    pub(in crate::judge::tests) fn status(
        &mut self,
        fan: FanNumber,
        number: u64,
        status: TicketStatus,
        reason: Option<Reason>,
        span: (Moment, Moment),
    ) {
        self.call(fan, Ask::Status, Self::ticket(number, status, reason, false), span).ticket = number;
    }

    pub(in crate::judge::tests) fn end_ticket(&mut self, number: u64, reason: &str) {
        let row = self.state.tickets.iter_mut().find(|row| row.number == number).unwrap();
        (row.status, row.reason) = ("ENDED".to_owned(), reason.to_owned());
    }
}
