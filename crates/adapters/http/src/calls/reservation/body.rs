//! A reservation, as its owner sees it.

use domain::reservation::{Reservation, ReservationStatus, ReservedSeat};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::response::{Amount, Instant};

/// Where a reservation is in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = ReservationStatus)]
pub(crate) enum ReservationStatusName {
    /// Its seats are held and wait to be paid.
    Reserved,
    /// Its seats are the user's.
    Paid,
    /// Its user gave it up, or was refunded.
    Cancelled,
    /// It was not paid in time.
    Expired,
}

impl From<ReservationStatus> for ReservationStatusName {
    fn from(status: ReservationStatus) -> Self {
        match status {
            ReservationStatus::Reserved => Self::Reserved,
            ReservationStatus::Paid => Self::Paid,
            ReservationStatus::Cancelled => Self::Cancelled,
            ReservationStatus::Expired => Self::Expired,
        }
    }
}

/// A seat as it was reserved.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReservedSeat)]
pub(crate) struct ReservedSeatBody {
    /// The number within the schedule.
    #[schema(minimum = 1, maximum = 50, examples(12))]
    seat_number: u8,
    /// What it is called in the hall.
    #[schema(examples("B2"))]
    seat_name: String,
    /// The grade.
    #[schema(examples("VIP"))]
    grade: String,
    /// The price when it was held.
    price: Amount,
}

impl From<ReservedSeat> for ReservedSeatBody {
    fn from(seat: ReservedSeat) -> Self {
        Self {
            seat_number: seat.number.get(),
            seat_name: seat.name,
            grade: seat.grade.as_str().to_owned(),
            price: seat.price.into(),
        }
    }
}

/// Seats of one schedule, held for a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reservation)]
pub(crate) struct ReservationBody {
    /// The reservation's id.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000040"))]
    reservation_id: Uuid,
    /// Whose it is.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000001"))]
    user_id: Uuid,
    /// The concert.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000010"))]
    concert_id: Uuid,
    /// What the concert is called.
    #[schema(examples("Winter Concert"))]
    concert_name: String,
    /// The schedule.
    #[schema(examples("0192f0c1-7e7b-7000-8000-000000000020"))]
    schedule_id: Uuid,
    /// When the show begins.
    concert_date: Instant,
    /// The seats, in the order of their numbers.
    #[schema(min_items = 1, max_items = 50)]
    seats: Vec<ReservedSeatBody>,
    /// The sum of the seats' prices.
    total_price: Amount,
    /// Where it is in its life.
    reservation_status: ReservationStatusName,
    /// When the seats were held.
    reservation_time: Instant,
    /// When an unpaid hold runs out.
    expires_at: Instant,
}

impl From<Reservation> for ReservationBody {
    fn from(reservation: Reservation) -> Self {
        Self {
            reservation_id: reservation.id.0,
            user_id: reservation.user.0,
            concert_id: reservation.show.concert.0,
            concert_name: reservation.show.concert_name.as_str().to_owned(),
            schedule_id: reservation.show.schedule.0,
            concert_date: reservation.show.starts_at.into(),
            seats: reservation.seats.into_iter().map(ReservedSeatBody::from).collect(),
            total_price: reservation.total_price.into(),
            reservation_status: reservation.status.into(),
            reservation_time: reservation.reserved_at.into(),
            expires_at: reservation.expires_at.into(),
        }
    }
}
