//! What a crowd asks a store.

use domain::{
    catalog::{Occupancy, SeatNumber},
    idempotency::IdempotencyKey,
    ids::UserId,
    payment::PaymentRequest,
    reservation::{HoldRequest, SeatSeen},
    time::Timestamp,
    wallet::ChargeRequest,
};

/// Who wants to hold which seats under which key, and when that was asked.
pub(crate) type HoldQuestion = (HoldRequest, Option<IdempotencyKey>, Timestamp);
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
