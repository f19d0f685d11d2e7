//! What a crowd asks a store.

use domain::{
    catalog::{Occupancy, SeatNumber},
    idempotency::{IdempotencyKey, IdempotencyRecord},
    ids::UserId,
    money::Money,
    payment::PaymentRequest,
    reservation::{HoldRequest, HoldsSoFar, SeatSeen},
    time::Timestamp,
    waiting_room::Ticket,
    wallet::ChargeRequest,
};

/// Who wants to hold which seats under which key, and when that was asked.
pub(crate) type HoldQuestion = (HoldRequest, Option<IdempotencyKey>, Timestamp);

/// What a store answers to it: the facts that change and are not remembered with the schedule, and the prices, since a
/// hold fixes them.
pub(crate) struct HoldAnswer {
    pub(crate) ticket: Option<Ticket>,
    pub(crate) recorded: Option<IdempotencyRecord>,
    /// Those of the wanted seats that exist.
    pub(crate) seats: Vec<WantedSeat>,
    pub(crate) holds: HoldsSoFar,
}

/// A seat that somebody wants.
#[derive(Clone, Copy)]
pub(crate) struct WantedSeat {
    pub(crate) number: SeatNumber,
    pub(crate) price: Money,
    pub(crate) occupancy: Occupancy,
}

/// Who may have held seats under which key.
pub(crate) type KeyQuestion = (UserId, IdempotencyKey);
/// Who wants to charge how much, and under which key.
pub(crate) type ChargeQuestion = (ChargeRequest, Option<IdempotencyKey>);
/// Who wants to pay for what, and under which key.
pub(crate) type PaymentQuestion = (PaymentRequest, Option<IdempotencyKey>);
/// The seats of a schedule that are not free: a hold may have run out.
pub(crate) type TakenSeats = Vec<(SeatNumber, Occupancy)>;
/// The same, with who holds them.
pub(crate) type SeatsWithHolders = Vec<SeatSeen>;
