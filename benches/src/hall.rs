//! Concerts, dates and seats that are put into a store in bulk, behind a room.

use std::ops::RangeInclusive;

use serde_json::json;
use uuid::Uuid;

use crate::{http::keyed_request, room::Room};

/// The seats of a schedule.
pub const SEATS: u64 = 50;
/// What a seat costs.
pub const PRICE: u64 = 10;

/// The kinds of ids, beside users (1) and tickets (2).
const SCHEDULE: u8 = 3;
const SEAT: u8 = 4;
const CONCERT: u8 = 5;
const RESERVATION: u8 = 6;
const ENTRY: u8 = 7;
const PAYMENT: u8 = 9;

/// A seat by its number among all: they fill one schedule after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u64);

impl Place {
    pub fn schedule(self) -> u64 {
        self.0 / SEATS + 1
    }

    pub fn seat(self) -> u64 {
        self.0 % SEATS + 1
    }
}

pub fn schedule_id(schedule: u64) -> Uuid {
    Room::id(SCHEDULE, schedule)
}

/// The reservation of the seat that was put in for a number.
pub fn reservation_id(number: u64) -> Uuid {
    Room::id(RESERVATION, number)
}

/// The request of a hold of one seat.
pub fn hold_request(token: &str, place: Place, key: Option<&str>) -> Vec<u8> {
    let body =
        json!({"scheduleId": schedule_id(place.schedule()), "seatNumbers": [place.seat()]}).to_string();
    keyed_request("POST", "/reservations", Some(token), key, Some(&body))
}

/// The request of a payment for the seat that was put in for a number.
pub fn pay_request(token: &str, number: u64) -> Vec<u8> {
    let body = json!({"reservationId": reservation_id(number)}).to_string();
    keyed_request("POST", "/payments", Some(token), None, Some(&body))
}

pub fn concert_id(concert: u64) -> Uuid {
    Room::id(CONCERT, concert)
}

/// The path of a listing of seats.
pub fn listing_path(schedule: u64) -> String {
    format!("/schedules/{}/seats", schedule_id(schedule))
}

impl Room {
    /// Puts dates of a concert, on sale and with all seats free.
    pub async fn put_schedules(&self, concert: u64, schedules: RangeInclusive<u64>) {
        let concert = self.sql_id_of(CONCERT, &concert.to_string());
        let [date, seat] = [(SCHEDULE, "dates.n"), (SEAT, "(dates.n * 64 + seats.n)")]
            .map(|(kind, number)| self.sql_id_of(kind, number));
        let dates = self.numbers_as(&schedules, "dates");
        let numbers = self.numbers_as(&(1..=SEATS), "seats");
        let (opened, show) = (self.instant("- 1"), self.instant("+ 2592000000000"));
        let price = self.price();
        self.transaction(&format!(
            "INSERT INTO concerts (id, name, time_zone, created_at)
             VALUES ({concert}, 'A concert', 'Asia/Seoul', {opened}) ON CONFLICT DO NOTHING;
             INSERT INTO schedules (id, concert_id, starts_at, sales_open_at, sales_close_at, total_seats)
             SELECT {date}, {concert}, {show}, {opened}, {show}, {SEATS} FROM {dates};
             INSERT INTO seats (schedule_id, seat_number, id, seat_name, grade, price)
             SELECT {date}, seats.n, {seat}, 'A' || seats.n, 'R', {price} FROM {dates}, {numbers}"
        ))
        .await;
    }

    /// Holds a seat for each of these users, who begin with the first: seat after seat, date after date, for a day.
    pub async fn put_held_seats(&self, users: RangeInclusive<u64>) {
        self.put_schedules(1, 1..=Place(users.end() - 1).schedule()).await;
        let [user, schedule, reservation] = [(1, "n"), (SCHEDULE, "((n - 1) / 50 + 1)"), (RESERVATION, "n")]
            .map(|(kind, number)| self.sql_id_of(kind, number));
        let (seat, source) = (format!("((n - 1) % {SEATS} + 1)"), self.numbers(&users));
        let (now, end) = (self.instant("+ 0"), self.instant("+ 86400000000"));
        let price = self.price();
        self.transaction(&format!(
            "INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT {reservation}, {user}, {schedule}, 'RESERVED', {price}, {now}, {end} FROM {source};
             INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
             SELECT {reservation}, {seat}, {schedule}, 'A' || {seat}, 'R', {price} FROM {source};
             INSERT INTO hold_counts (user_id, schedule_id, holds_made)
             SELECT {user}, {schedule}, 1 FROM {source};
             UPDATE seats SET held_until = {end}, reservation_id = held.reservation
             FROM (SELECT {schedule} AS schedule, {seat} AS seat, {reservation} AS reservation FROM {source}) AS held
             WHERE seats.schedule_id = held.schedule AND seats.seat_number = held.seat"
        ))
        .await;
    }

    /// Sells seats to so many users in turn, each paid for on its own. Places begin with 1 here.
    pub async fn put_sold_seats(&self, places: RangeInclusive<u64>, users: u64) {
        let number = format!("(n % {users} + 1)");
        let [user, schedule, reservation, payment, entry] = [
            (1, number.as_str()),
            (SCHEDULE, "((n - 1) / 50 + 1)"),
            (RESERVATION, "n"),
            (PAYMENT, "n"),
            (ENTRY, "n"),
        ]
        .map(|(kind, number)| self.sql_id_of(kind, number));
        let (seat, source, price) = (format!("((n - 1) % {SEATS} + 1)"), self.numbers(&places), self.price());
        let (now, first) = (self.instant("+ 0"), places.start());
        let entries = (places.end() + 1 - first).div_ceil(users);
        self.transaction(&format!(
            "INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
             SELECT {reservation}, {user}, {schedule}, 'PAID', {price}, {now}, {now} FROM {source};
             INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price, sold)
             SELECT {reservation}, {seat}, {schedule}, 'A' || {seat}, 'R', {price}, true FROM {source};
             INSERT INTO hold_counts (user_id, schedule_id, holds_made)
             SELECT {user}, {schedule}, 1 FROM {source};
             INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
             SELECT {payment}, {reservation}, {user}, {price}, 'PAID', {now} FROM {source};
             INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
             SELECT {entry}, {user}, (n - {first}) / {users} + 1, 'PAYMENT', -{price}, 0, {payment}, {now} FROM {source};
             UPDATE wallets SET entries = {entries};
             UPDATE seats SET sold = true, reservation_id = bought.reservation
             FROM (SELECT {schedule} AS schedule, {seat} AS seat, {reservation} AS reservation FROM {source}) AS bought
             WHERE seats.schedule_id = bought.schedule AND seats.seat_number = bought.seat"
        ))
        .await;
    }

    /// What a seat costs, as the store writes it.
    fn price(&self) -> u64 {
        if self.is_file() { PRICE * 100 } else { PRICE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_fill_one_schedule_after_the_other() {
        let places: Vec<_> =
            [0, 49, 50, 101].map(|place| (Place(place).schedule(), Place(place).seat())).into();
        assert_eq!(places, [(1, 1), (1, 50), (2, 1), (3, 2)]);
    }
}
