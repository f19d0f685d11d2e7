//! Identifiers, a type each, so that one can not be taken for another.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(/// Names a user.
    UserId);
id!(/// Names a ticket of the waiting room.
    TicketId);
id!(/// Names a concert.
    ConcertId);
id!(/// Names a schedule, one date of a concert.
    ScheduleId);
id!(/// Names a seat of a schedule.
    SeatId);
id!(/// Names a reservation.
    ReservationId);
id!(/// Names a payment.
    PaymentId);
id!(/// Names an entry of a wallet's ledger.
    TransactionId);

/// Where new identifiers come from.
///
/// Contract: an identifier MUST never be handed out twice, by any instance.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// An identifier nobody has seen before.
    fn next(&self) -> Uuid;
}
