//! The requests that a fan makes.

use hyper::Method;
use uuid::Uuid;

use super::Fan;
use crate::{
    history::{Ask, FanNumber, Id, SeatSet},
    stage::Scheduled,
    wire::outgoing::Outgoing,
};

impl Fan {
    fn request(&self, method: Method, path: String, body: Option<String>, ask: Ask) -> Outgoing {
        Outgoing {
            user: self.account.user,
            ask,
            method,
            path,
            body,
            key: 0,
            token: self.token.text.clone(),
            ticket: self.token.number,
        }
    }

    pub(super) fn join_request(&self) -> Outgoing {
        let request = self.request(Method::POST, "/queue/tokens".into(), None, Ask::Join);
        Outgoing { token: self.account.access_token.clone(), ticket: 0, ..request }
    }

    pub(super) fn status_request(&self) -> Outgoing {
        self.request(Method::GET, "/queue/status".into(), None, Ask::Status)
    }

    pub(super) fn leave_request(&self) -> Outgoing {
        self.request(Method::DELETE, "/queue/tokens/current".into(), None, Ask::Leave)
    }

    pub(super) fn concerts_request(&self) -> Outgoing {
        self.request(Method::GET, "/concerts?limit=5".into(), None, Ask::Concerts)
    }

    pub(super) fn schedules_request(&self) -> Outgoing {
        let path = format!("/concerts/{}/schedules", Uuid::from_u128(self.stage.concert));
        self.request(Method::GET, path, None, Ask::Schedules)
    }

    pub(super) fn seats_request(&self, schedule: &Scheduled) -> Outgoing {
        let path = format!("/schedules/{}/seats?status=all", Uuid::from_u128(schedule.id));
        self.request(Method::GET, path, None, Ask::Seats { schedule: schedule.number })
    }

    pub(super) fn hold_request(&self, schedule: &Scheduled, seats: SeatSet) -> Outgoing {
        let numbers: Vec<_> = seats.numbers().map(|number| number.to_string()).collect();
        let body = format!(
            r#"{{"scheduleId":"{}","seatNumbers":[{}]}}"#,
            Uuid::from_u128(schedule.id),
            numbers.join(",")
        );
        let ask = Ask::Hold { schedule: schedule.number, seats };
        self.request(Method::POST, "/reservations".into(), Some(body), ask)
    }

    pub(super) fn cancel_request(&self, reservation: Id) -> Outgoing {
        let path = format!("/reservations/{}", Uuid::from_u128(reservation));
        self.request(Method::DELETE, path, None, Ask::Cancel { reservation })
    }

    pub(super) fn charge_request(&self, owner: FanNumber, amount: i64) -> Outgoing {
        let path = self.balance_path(owner, "/charges");
        let body = format!(r#"{{"amount":{}}}"#, decimal(amount));
        self.request(Method::POST, path, Some(body), Ask::Charge { owner, amount })
    }

    pub(super) fn pay_request(&self, reservation: Id, amount: Option<i64>) -> Outgoing {
        let id = Uuid::from_u128(reservation);
        let amount_member =
            amount.map(|amount| format!(r#","paymentAmount":{}"#, decimal(amount))).unwrap_or_default();
        let body = format!(r#"{{"reservationId":"{id}"{amount_member}}}"#);
        self.request(Method::POST, "/payments".into(), Some(body), Ask::Pay { reservation, amount })
    }

    pub(super) fn balance_request(&self, owner: FanNumber) -> Outgoing {
        self.request(Method::GET, self.balance_path(owner, ""), None, Ask::Balance { owner })
    }

    pub(super) fn transactions_request(&self, owner: FanNumber) -> Outgoing {
        let path = self.balance_path(owner, "/transactions?limit=6");
        self.request(Method::GET, path, None, Ask::Transactions { owner })
    }

    pub(super) fn reservation_request(&self, reservation: Id) -> Outgoing {
        let path = format!("/reservations/{}", Uuid::from_u128(reservation));
        self.request(Method::GET, path, None, Ask::Reservation { reservation })
    }

    pub(super) fn reservations_request(&self) -> Outgoing {
        self.request(Method::GET, "/reservations?limit=5".into(), None, Ask::Reservations)
    }

    pub(super) fn payment_request(&self, payment: Id) -> Outgoing {
        let path = format!("/payments/{}", Uuid::from_u128(payment));
        self.request(Method::GET, path, None, Ask::Payment { payment })
    }

    pub(super) fn payments_request(&self) -> Outgoing {
        self.request(Method::GET, "/payments?limit=5".into(), None, Ask::Payments)
    }

    fn balance_path(&self, owner: FanNumber, rest: &str) -> String {
        let owner = Uuid::from_u128(self.stage.wires.directory.fan(owner));
        format!("/users/{owner}/balance{rest}")
    }
}

/// An amount in hundredths, as a JSON number.
fn decimal(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
