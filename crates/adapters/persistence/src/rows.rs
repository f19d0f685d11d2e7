//! Rows as they are read and written, and what of the domain they stand for.

use std::collections::HashMap;

use diesel::{Insertable, Queryable, Selectable};
use domain::{
    catalog::{Concert, Occupancy, SalesWindow, Schedule, Seat, SeatNumber, TimeZone},
    idempotency::{Fingerprint, IdempotencyRecord},
    ids::{ConcertId, PaymentId, ReservationId, ScheduleId, SeatId, TransactionId, UserId},
    payment::Payment,
    reservation::{HoldsSoFar, Reservation, ReservedSeat, SeatSeen, Show},
    storage::StorageError,
    text::Name,
    wallet::LedgerEntry,
};

use crate::{
    codes::Code,
    questions::WantedSeat,
    schema::{
        concerts, idempotency_records, ledger_entries, payments, reservations, reserved_seats, schedules,
        seats, users,
    },
    sql_types::{StoredAmount, StoredId, StoredMoment},
};

/// A value in the store that no rule of the domain would let in.
pub(crate) fn broken<E>(error: E) -> StorageError
where
    E: std::error::Error + Send + Sync + 'static,
{
    StorageError::unexpected(error)
}

pub(crate) fn missing(column: &str) -> StorageError {
    StorageError::unexpected(format!("the store has no {column} where there must be one"))
}

#[derive(Debug, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct NewUserRow<'a> {
    pub(crate) id: StoredId,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) registered_at: StoredMoment,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = concerts, treat_none_as_default_value = false)]
pub(crate) struct ConcertRow {
    id: StoredId,
    name: String,
    time_zone: String,
    created_at: StoredMoment,
}

impl From<&Concert> for ConcertRow {
    fn from(concert: &Concert) -> Self {
        Self {
            id: StoredId(concert.id.0),
            name: concert.name.as_str().to_owned(),
            time_zone: concert.time_zone.name().to_owned(),
            created_at: StoredMoment(concert.created_at),
        }
    }
}

impl TryFrom<ConcertRow> for Concert {
    type Error = StorageError;

    fn try_from(row: ConcertRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: ConcertId(row.id.0),
            name: Name::new(&row.name).map_err(broken)?,
            time_zone: TimeZone::new(&row.time_zone).map_err(broken)?,
            created_at: row.created_at.0,
        })
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schedules, treat_none_as_default_value = false)]
pub(crate) struct ScheduleRow {
    id: StoredId,
    concert_id: StoredId,
    starts_at: StoredMoment,
    sales_open_at: StoredMoment,
    sales_close_at: StoredMoment,
    total_seats: i16,
}

impl ScheduleRow {
    /// When the schedule is on sale.
    pub(crate) fn sales(&self) -> SalesWindow {
        SalesWindow::stored(self.sales_open_at.0, self.sales_close_at.0)
    }

    /// What a reservation of this schedule is for.
    pub(crate) fn show(&self, concert_name: &str) -> Result<Show, StorageError> {
        Ok(Show {
            concert: ConcertId(self.concert_id.0),
            concert_name: Name::new(concert_name).map_err(broken)?,
            schedule: ScheduleId(self.id.0),
            starts_at: self.starts_at.0,
        })
    }
}

impl From<&Schedule> for ScheduleRow {
    fn from(schedule: &Schedule) -> Self {
        Self {
            id: StoredId(schedule.id.0),
            concert_id: StoredId(schedule.concert.0),
            starts_at: StoredMoment(schedule.starts_at),
            sales_open_at: StoredMoment(schedule.sales.opens_at()),
            sales_close_at: StoredMoment(schedule.sales.closes_at()),
            total_seats: i16::from(schedule.total_seats),
        }
    }
}

impl TryFrom<ScheduleRow> for Schedule {
    type Error = StorageError;

    fn try_from(row: ScheduleRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: ScheduleId(row.id.0),
            concert: ConcertId(row.concert_id.0),
            starts_at: row.starts_at.0,
            sales: row.sales(),
            total_seats: u8::try_from(row.total_seats).map_err(broken)?,
        })
    }
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = seats, treat_none_as_default_value = false)]
pub(crate) struct SeatRow {
    schedule_id: StoredId,
    seat_number: i16,
    id: StoredId,
    seat_name: String,
    grade: String,
    price: StoredAmount,
    reservation_id: Option<StoredId>,
    held_until: Option<StoredMoment>,
    sold: bool,
}

impl From<&Seat> for SeatRow {
    fn from(seat: &Seat) -> Self {
        let (reservation_id, held_until, sold) = match seat.occupancy {
            Occupancy::Free => (None, None, false),
            Occupancy::Held { by, until } => (Some(StoredId(by.0)), Some(StoredMoment(until)), false),
            Occupancy::Sold { to } => (Some(StoredId(to.0)), None, true),
        };
        Self {
            schedule_id: StoredId(seat.schedule.0),
            seat_number: i16::from(seat.number.get()),
            id: StoredId(seat.id.0),
            seat_name: seat.name.clone(),
            grade: seat.grade.as_str().to_owned(),
            price: StoredAmount(seat.price),
            reservation_id,
            held_until,
            sold,
        }
    }
}

impl TryFrom<SeatRow> for Seat {
    type Error = StorageError;

    fn try_from(row: SeatRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: SeatId(row.id.0),
            schedule: ScheduleId(row.schedule_id.0),
            number: SeatNumber::new(row.seat_number.into()).map_err(broken)?,
            name: row.seat_name,
            grade: Name::new(&row.grade).map_err(broken)?,
            price: row.price.0,
            occupancy: occupancy(row.reservation_id, row.held_until, row.sold)?,
        })
    }
}

fn occupancy(
    reservation: Option<StoredId>,
    held_until: Option<StoredMoment>,
    sold: bool,
) -> Result<Occupancy, StorageError> {
    match (reservation, held_until, sold) {
        (Some(to), _, true) => Ok(Occupancy::Sold { to: ReservationId(to.0) }),
        (Some(by), Some(until), false) => Ok(Occupancy::Held { by: ReservationId(by.0), until: until.0 }),
        (None, None, false) => Ok(Occupancy::Free),
        _ => Err(missing("reservation of a seat")),
    }
}

/// Who has a seat, without the seat's name, grade and price.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = seats)]
pub(crate) struct OccupancyRow {
    schedule_id: StoredId,
    seat_number: i16,
    reservation_id: Option<StoredId>,
    held_until: Option<StoredMoment>,
    sold: bool,
}

impl OccupancyRow {
    /// Which schedule the seat is of.
    pub(crate) fn schedule(&self) -> ScheduleId {
        ScheduleId(self.schedule_id.0)
    }

    /// The seat's number, where it is one.
    pub(crate) fn number(&self) -> Option<SeatNumber> {
        SeatNumber::new(self.seat_number.into()).ok()
    }
}

impl TryFrom<&OccupancyRow> for (SeatNumber, Occupancy) {
    type Error = StorageError;

    fn try_from(row: &OccupancyRow) -> Result<Self, StorageError> {
        let number = SeatNumber::new(row.seat_number.into()).map_err(broken)?;
        Ok((number, occupancy(row.reservation_id, row.held_until, row.sold)?))
    }
}

/// Who has a seat, and what it costs.
pub(crate) type WantedSeatRow = (OccupancyRow, StoredAmount);

impl TryFrom<&WantedSeatRow> for WantedSeat {
    type Error = StorageError;

    fn try_from((row, price): &WantedSeatRow) -> Result<Self, StorageError> {
        let (number, occupancy) = row.try_into()?;
        Ok(Self { number, price: price.0, occupancy })
    }
}

/// Who has a seat, and the reservation's user.
pub(crate) type HolderRow = (OccupancyRow, StoredId);

pub(crate) fn seat_seen((row, holder): &HolderRow) -> Result<SeatSeen, StorageError> {
    let (number, occupancy) = row.try_into()?;
    let is_held = matches!(occupancy, Occupancy::Held { .. });
    Ok(SeatSeen { number, occupancy, holder: is_held.then_some(UserId(holder.0)) })
}

/// Rows by their schedules.
pub(crate) fn occupancies(
    rows: &[OccupancyRow],
) -> Result<HashMap<ScheduleId, Vec<(SeatNumber, Occupancy)>>, StorageError> {
    let mut schedules: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        schedules.entry(row.schedule()).or_default().push(row.try_into()?);
    }
    Ok(schedules)
}

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = reservations, treat_none_as_default_value = false)]
pub(crate) struct ReservationRow {
    pub(crate) id: StoredId,
    user_id: StoredId,
    schedule_id: StoredId,
    status: String,
    total_price: StoredAmount,
    reserved_at: StoredMoment,
    expires_at: StoredMoment,
}

impl ReservationRow {
    /// Whose reservation it is.
    pub(crate) fn user(&self) -> UserId {
        UserId(self.user_id.0)
    }
}

impl From<&Reservation> for ReservationRow {
    fn from(reservation: &Reservation) -> Self {
        Self {
            id: StoredId(reservation.id.0),
            user_id: StoredId(reservation.user.0),
            schedule_id: StoredId(reservation.show.schedule.0),
            status: reservation.status.word().to_owned(),
            total_price: StoredAmount(reservation.total_price),
            reserved_at: StoredMoment(reservation.reserved_at),
            expires_at: StoredMoment(reservation.expires_at),
        }
    }
}

/// A reservation with its schedule and the name of its concert.
pub(crate) type ReservationWithShow = (ReservationRow, ScheduleRow, String);

/// Puts a reservation together with those of `seats` that are its own.
pub(crate) fn reservation(
    (row, schedule, concert_name): ReservationWithShow,
    seats: &[ReservedSeatRow],
) -> Result<Reservation, StorageError> {
    let own = seats.iter().filter(|seat| seat.reservation_id == row.id);
    Ok(Reservation {
        id: ReservationId(row.id.0),
        user: UserId(row.user_id.0),
        show: schedule.show(&concert_name)?,
        seats: own.map(ReservedSeat::try_from).collect::<Result<_, _>>()?,
        total_price: row.total_price.0,
        status: Code::parse(&row.status)?,
        reserved_at: row.reserved_at.0,
        expires_at: row.expires_at.0,
    })
}

/// What [`crate::hold_callers`] tells.
pub(crate) fn holds_so_far(
    (seats_held, holds_made): (Option<i64>, Option<i64>),
) -> Result<HoldsSoFar, StorageError> {
    let seats_held = usize::try_from(seats_held.unwrap_or_default()).map_err(broken)?;
    Ok(HoldsSoFar { seats_held, holds_made: holds_made.unwrap_or_default() })
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = reserved_seats, treat_none_as_default_value = false)]
pub(crate) struct ReservedSeatRow {
    pub(crate) reservation_id: StoredId,
    pub(crate) seat_number: i16,
    pub(crate) schedule_id: StoredId,
    seat_name: String,
    grade: String,
    price: StoredAmount,
    sold: bool,
}

impl ReservedSeatRow {
    /// The rows of a new reservation's seats.
    pub(crate) fn of(reservation: &Reservation) -> Vec<Self> {
        let row = |seat: &ReservedSeat| Self {
            reservation_id: StoredId(reservation.id.0),
            seat_number: i16::from(seat.number.get()),
            schedule_id: StoredId(reservation.show.schedule.0),
            seat_name: seat.name.clone(),
            grade: seat.grade.as_str().to_owned(),
            price: StoredAmount(seat.price),
            sold: false,
        };
        reservation.seats.iter().map(row).collect()
    }
}

impl TryFrom<&ReservedSeatRow> for ReservedSeat {
    type Error = StorageError;

    fn try_from(row: &ReservedSeatRow) -> Result<Self, StorageError> {
        Ok(Self {
            number: SeatNumber::new(row.seat_number.into()).map_err(broken)?,
            name: row.seat_name.clone(),
            grade: Name::new(&row.grade).map_err(broken)?,
            price: row.price.0,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
pub(crate) struct PaymentRow {
    id: StoredId,
    reservation_id: StoredId,
    user_id: StoredId,
    amount: StoredAmount,
    status: String,
    paid_at: StoredMoment,
}

impl From<&Payment> for PaymentRow {
    fn from(payment: &Payment) -> Self {
        Self {
            id: StoredId(payment.id.0),
            reservation_id: StoredId(payment.reservation.0),
            user_id: StoredId(payment.user.0),
            amount: StoredAmount(payment.amount),
            status: payment.status.word().to_owned(),
            paid_at: StoredMoment(payment.paid_at),
        }
    }
}

impl TryFrom<PaymentRow> for Payment {
    type Error = StorageError;

    fn try_from(row: PaymentRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: PaymentId(row.id.0),
            reservation: ReservationId(row.reservation_id.0),
            user: UserId(row.user_id.0),
            amount: row.amount.0,
            status: Code::parse(&row.status)?,
            paid_at: row.paid_at.0,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_entries, treat_none_as_default_value = false)]
pub(crate) struct LedgerEntryRow {
    id: StoredId,
    user_id: StoredId,
    sequence: i64,
    kind: String,
    amount: StoredAmount,
    balance_after: StoredAmount,
    reference: Option<StoredId>,
    at: StoredMoment,
}

impl From<&LedgerEntry> for LedgerEntryRow {
    fn from(entry: &LedgerEntry) -> Self {
        Self {
            id: StoredId(entry.id.0),
            user_id: StoredId(entry.user.0),
            sequence: entry.sequence,
            kind: entry.kind.word().to_owned(),
            amount: StoredAmount(entry.amount),
            balance_after: StoredAmount(entry.balance_after),
            reference: entry.reference.map(StoredId),
            at: StoredMoment(entry.at),
        }
    }
}

impl TryFrom<LedgerEntryRow> for LedgerEntry {
    type Error = StorageError;

    fn try_from(row: LedgerEntryRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: TransactionId(row.id.0),
            user: UserId(row.user_id.0),
            sequence: row.sequence,
            kind: Code::parse(&row.kind)?,
            amount: row.amount.0,
            balance_after: row.balance_after.0,
            reference: row.reference.map(|reference| reference.0),
            at: row.at.0,
        })
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_records, treat_none_as_default_value = false)]
pub(crate) struct IdempotencyRow {
    pub(crate) user_id: StoredId,
    pub(crate) operation: String,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
    pub(crate) result: StoredId,
    pub(crate) recorded_at: StoredMoment,
}

impl From<IdempotencyRow> for IdempotencyRecord {
    fn from(row: IdempotencyRow) -> Self {
        Self { fingerprint: Fingerprint(row.fingerprint), result: row.result.0 }
    }
}
