//! The table: what each operation takes, and what another user is told by it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    expectations::{Expected, Takes},
    scene::{PASSWORD, Scene},
};

/// An operation.
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) takes: Takes,
    /// The status with which it answers who may call it.
    pub(super) answers: u16,
    /// What it tells another user about what is the owner's.
    pub(super) another: Expected,
    /// A body with which it would take effect; `null` where it has none.
    pub(super) body: fn(&Scene<'_>) -> Value,
}

const fn row(operation: &'static str, takes: Takes, answers: u16) -> Row {
    Row { operation, takes, answers, another: Expected::Answered(answers), body: |_| Value::Null }
}

impl Row {
    const fn refuses_another(self, status: u16, code: &'static str) -> Self {
        Self { another: Expected::Refused(status, code), ..self }
    }

    const fn with(self, body: fn(&Scene<'_>) -> Value) -> Self {
        Self { body, ..self }
    }
}

fn new_user(_: &Scene<'_>) -> Value {
    json!({"name": "Eve", "email": format!("{}@example.org", Uuid::now_v7()), "password": PASSWORD})
}

fn login(scene: &Scene<'_>) -> Value {
    json!({"email": scene.email, "password": PASSWORD})
}

fn nobody_in_the_body(_: &Scene<'_>) -> Value {
    json!({})
}

fn seat(scene: &Scene<'_>) -> Value {
    json!({"scheduleId": scene.schedule, "seatNumbers": [scene.next_seat()]})
}

fn charge(_: &Scene<'_>) -> Value {
    json!({"amount": 1})
}

fn reservation(scene: &Scene<'_>) -> Value {
    json!({"reservationId": scene.reservation})
}

fn concert(_: &Scene<'_>) -> Value {
    json!({"name": "A concert of the wrong caller's"})
}

fn schedule(_: &Scene<'_>) -> Value {
    json!({"concertDate": "2999-01-01T00:00:00Z", "seats": [{"from": 1, "to": 2, "grade": "R", "price": 1}]})
}

fn reason(_: &Scene<'_>) -> Value {
    json!({"reason": "Why not"})
}

fn policy(_: &Scene<'_>) -> Value {
    json!({"sessionSeconds": 1_234})
}

/// Every operation of the API.
pub(super) const TABLE: &[Row] = &[
    row("registerUser", Takes::Nothing, 201).with(new_user),
    row("openSession", Takes::Nothing, 201).with(login),
    row("joinQueue", Takes::AccessToken, 200).with(nobody_in_the_body),
    row("checkPlace", Takes::QueueToken, 200),
    row("followPlace", Takes::QueueToken, 200),
    row("leaveQueue", Takes::LiveQueueToken, 204),
    row("listConcerts", Takes::Turn, 200),
    row("listSchedules", Takes::Turn, 200),
    row("listSeats", Takes::Turn, 200),
    row("watchSeats", Takes::Turn, 200),
    row("holdSeats", Takes::Turn, 201).with(seat),
    row("listReservations", Takes::EitherToken, 200),
    row("findReservation", Takes::EitherToken, 200).refuses_another(404, "RESERVATION_NOT_FOUND"),
    row("cancelReservation", Takes::Turn, 200).refuses_another(404, "RESERVATION_NOT_FOUND"),
    row("showBalance", Takes::Turn, 200).refuses_another(403, "FORBIDDEN"),
    row("chargeBalance", Takes::Turn, 201).refuses_another(403, "FORBIDDEN").with(charge),
    row("listTransactions", Takes::Turn, 200).refuses_another(403, "FORBIDDEN"),
    row("payReservation", Takes::Turn, 201).refuses_another(404, "RESERVATION_NOT_FOUND").with(reservation),
    row("listPayments", Takes::EitherToken, 200),
    row("findPayment", Takes::EitherToken, 200).refuses_another(404, "PAYMENT_NOT_FOUND"),
    row("createConcert", Takes::AdminKey, 201).with(concert),
    row("createSchedule", Takes::AdminKey, 201).with(schedule),
    row("refundPayment", Takes::AdminKey, 200).with(reason),
    row("showQueue", Takes::AdminKey, 200),
    row("changePolicy", Takes::AdminKey, 200).with(policy),
    row("livez", Takes::Nothing, 200),
    row("readyz", Takes::Nothing, 200),
    row("metrics", Takes::Nothing, 200),
    row("openapi", Takes::Nothing, 200),
];
