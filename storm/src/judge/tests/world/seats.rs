//! What is held, given up, sold and shown.

use super::{HOLD, PRICE, SCHEDULE, World, user};
use crate::{
    history::{Ask, FanNumber, Id, Moment, SeatSet, SeenReservation, Status, Told},
    store::{ReservationRow, SeatRow},
};

impl World {
    pub(in crate::judge::tests) fn hold(
        &mut self,
        fan: FanNumber,
        id: Id,
        numbers: &[u8],
        span: (Moment, Moment),
    ) {
        let seats = SeatSet::of(numbers);
        self.add_reservation(id, fan, seats, span);
        for seat in self.state.seats.iter_mut().filter(|seat| seats.has(seat.number)) {
            seat.reservation = id;
        }
        let seen = self.seen(id, Status::Reserved);
        self.call(fan, Ask::Hold { schedule: 0, seats }, Told::Reservation(seen), span);
    }

    pub(in crate::judge::tests) fn cancel(&mut self, fan: FanNumber, id: Id, span: (Moment, Moment)) {
        self.reservation(id).status = Status::Cancelled;
        self.free(id);
        let seen = self.seen(id, Status::Cancelled);
        self.call(fan, Ask::Cancel { reservation: id }, Told::Reservation(seen), span);
    }

    pub(in crate::judge::tests) fn read_reservation(
        &mut self,
        fan: FanNumber,
        id: Id,
        status: Status,
        span: (Moment, Moment),
    ) {
        let seen = self.seen(id, status);
        self.call(fan, Ask::Reservation { reservation: id }, Told::Reservation(seen), span);
    }

    /// Asks for the list of seats, which shows these.
    pub(in crate::judge::tests) fn list(&mut self, free: SeatSet, sold: SeatSet, span: (Moment, Moment)) {
        self.call(1, Ask::Seats { schedule: 0 }, Told::Seats { available: free, sold }, span);
    }

    pub(in crate::judge::tests) fn reservation(&mut self, id: Id) -> &mut ReservationRow {
        self.state.reservations.iter_mut().find(|row| row.id == id).expect("there is such a reservation")
    }

    pub(in crate::judge::tests) fn add_reservation(
        &mut self,
        id: Id,
        fan: FanNumber,
        seats: SeatSet,
        span: (Moment, Moment),
    ) {
        self.state.reservations.push(ReservationRow {
            id,
            user: user(fan),
            schedule: SCHEDULE,
            status: Status::Reserved,
            price: PRICE * i64::from(seats.count()),
            reserved_at: span.0,
            expires_at: span.0 + HOLD,
            seats,
            sold: SeatSet::default(),
        });
    }

    pub(in crate::judge::tests) fn seen(&mut self, id: Id, status: Status) -> SeenReservation {
        let row = self.reservation(id);
        SeenReservation {
            id,
            schedule: 0,
            seats: row.seats,
            price: row.price,
            status,
            expires: row.expires_at,
        }
    }

    /// Marks what a reservation is for as sold, or as given back.
    pub(super) fn mark(&mut self, reservation: Id, is_sold: bool) {
        let row = self.reservation(reservation);
        row.status = if is_sold { Status::Paid } else { Status::Cancelled };
        row.sold = if is_sold { row.seats } else { SeatSet::default() };
        for seat in self.state.seats.iter_mut().filter(|seat| seat.reservation == reservation) {
            seat.sold = is_sold;
        }
        if !is_sold {
            self.free(reservation);
        }
    }

    /// Gives its seats back.
    pub(in crate::judge::tests) fn free(&mut self, reservation: Id) {
        for seat in self.state.seats.iter_mut().filter(|seat| seat.reservation == reservation) {
            seat.reservation = 0;
        }
    }

    pub(in crate::judge::tests) fn seat(&mut self, number: u8) -> &mut SeatRow {
        self.state.seats.iter_mut().find(|seat| seat.number == number).expect("there is such a seat")
    }
}
