//! What the bodies of the service's answers tell.

#![allow(clippy::struct_field_names, reason = "the API's own names")]

use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{answers::header, caller::Wires, connection::Reply, outgoing::Outgoing};
use crate::history::{
    Ask, Reason, SeatSet, SeenEntry, SeenPayment, SeenReservation, Status, TicketStatus, Told,
};

pub(super) fn hundredths(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

pub(super) fn reason(name: &str) -> Option<Reason> {
    Some(match name {
        "PAID" => Reason::Paid,
        "LEFT" => Reason::Left,
        "TIMED_OUT" => Reason::TimedOut,
        "NO_SHOW" => Reason::NoShow,
        _ => return None,
    })
}

#[derive(Deserialize)]
struct Ticket<'a> {
    token: Option<String>,
    number: u64,
    status: &'a str,
    reason: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seat<'a> {
    seat_number: u8,
    status: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReservedSeat {
    seat_number: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservation<'a> {
    reservation_id: Uuid,
    user_id: Uuid,
    schedule_id: Uuid,
    seats: Vec<ReservedSeat>,
    total_price: f64,
    reservation_status: &'a str,
    expires_at: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment<'a> {
    payment_id: Uuid,
    reservation_id: Uuid,
    payment_amount: f64,
    payment_status: &'a str,
    current_balance: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Charge {
    transaction_id: Uuid,
    amount: f64,
    current_balance: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    current_balance: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    transaction_id: Uuid,
    amount: f64,
    balance_after: f64,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

fn json<'a, T: Deserialize<'a>>(reply: &'a Reply) -> Option<T> {
    serde_json::from_slice(&reply.body).ok()
}

fn page<T: DeserializeOwned, U>(reply: &Reply, each: impl Fn(T) -> U) -> Option<Box<[U]>> {
    Some(json::<Page<T>>(reply)?.items.into_iter().map(each).collect())
}

/// What a good answer tells, and the token that it brings; none if it is not one that the call can have.
pub(super) fn told(outgoing: &Outgoing, reply: &Reply, wires: &Wires) -> Option<(Told, Option<String>)> {
    let status = reply.status;
    let is_payment = matches!(outgoing.ask, Ask::Pay { .. });
    let told = match outgoing.ask {
        Ask::Join if status == 200 || status == 201 => return ticket(reply),
        Ask::Status if status == 200 => return ticket(reply),
        Ask::Leave if status == 204 => Told::Left,
        Ask::Concerts | Ask::Schedules if status == 200 => Told::Listed,
        Ask::Seats { .. } if status == 200 => seats(reply)?,
        Ask::Hold { .. } if status == 201 => Told::Reservation(reservation(&json(reply)?, outgoing, wires)?),
        Ask::Cancel { .. } | Ask::Reservation { .. } if status == 200 => {
            Told::Reservation(reservation(&json(reply)?, outgoing, wires)?)
        }
        Ask::Reservations if status == 200 => {
            let page: Page<Reservation> = json(reply)?;
            let seen = page.items.iter().map(|item| reservation(item, outgoing, wires));
            Told::Reservations(seen.collect::<Option<_>>()?)
        }
        Ask::Charge { .. } if status == 201 => {
            let charge: Charge = json(reply)?;
            Told::Charged {
                transaction: charge.transaction_id.as_u128(),
                amount: hundredths(charge.amount),
                balance: hundredths(charge.current_balance),
            }
        }
        // A refund is told as a payment is.
        Ask::Pay { .. } | Ask::Refund { .. } if status == if is_payment { 201 } else { 200 } => {
            let body: Payment = json(reply)?;
            Told::Paid { payment: payment(&body)?, balance: hundredths(body.current_balance?) }
        }
        Ask::Balance { .. } if status == 200 => {
            Told::Balance(hundredths(json::<Balance>(reply)?.current_balance))
        }
        Ask::Transactions { .. } if status == 200 => {
            Told::Transactions(page(reply, |entry: Entry| SeenEntry {
                id: entry.transaction_id.as_u128(),
                amount: hundredths(entry.amount),
                after: hundredths(entry.balance_after),
            })?)
        }
        Ask::Payment { .. } if status == 200 => Told::Payment(payment(&json(reply)?)?),
        Ask::Payments if status == 200 => {
            let page: Page<Payment> = json(reply)?;
            Told::Payments(page.items.iter().map(payment).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some((told, None))
}

fn ticket(reply: &Reply) -> Option<(Told, Option<String>)> {
    let ticket: Ticket = json(reply)?;
    let status = match ticket.status {
        "WAITING" => TicketStatus::Waiting,
        "ACTIVE" => TicketStatus::Active,
        "ENDED" => TicketStatus::Ended,
        _ => return None,
    };
    let told = Told::Ticket {
        number: ticket.number,
        status,
        reason: ticket.reason.and_then(reason),
        is_new: reply.status == 201,
        is_old_news: header(reply, "age").is_some(),
    };
    Some((told, ticket.token))
}

fn seats(reply: &Reply) -> Option<Told> {
    let (mut available, mut sold) = (SeatSet::default(), SeatSet::default());
    for seat in json::<Vec<Seat>>(reply)? {
        match seat.status {
            "AVAILABLE" => available = available.with(seat.seat_number),
            "SOLD" => sold = sold.with(seat.seat_number),
            "HELD" => {}
            _ => return None,
        }
    }
    Some(Told::Seats { available, sold })
}

fn reservation(body: &Reservation, outgoing: &Outgoing, wires: &Wires) -> Option<SeenReservation> {
    let status = match body.reservation_status {
        "RESERVED" => Status::Reserved,
        "PAID" => Status::Paid,
        "CANCELLED" => Status::Cancelled,
        "EXPIRED" => Status::Expired,
        _ => return None,
    };
    let expires = chrono::DateTime::parse_from_rfc3339(body.expires_at).ok()?.timestamp_micros();
    let numbers: Vec<_> = body.seats.iter().map(|seat| seat.seat_number).collect();
    // Everybody only ever gets to see what is their own.
    (body.user_id.as_u128() == outgoing.user).then_some(SeenReservation {
        id: body.reservation_id.as_u128(),
        schedule: wires.directory.number_of(body.schedule_id.as_u128())?,
        seats: SeatSet::of(&numbers),
        price: hundredths(body.total_price),
        status,
        expires: wires.clock.moment_of(expires),
    })
}

fn payment(body: &Payment) -> Option<SeenPayment> {
    Some(SeenPayment {
        id: body.payment_id.as_u128(),
        reservation: body.reservation_id.as_u128(),
        amount: hundredths(body.payment_amount),
        refunded: match body.payment_status {
            "PAID" => false,
            "REFUNDED" => true,
            _ => return None,
        },
    })
}
