//! The reasons for which the service may refuse.

macro_rules! codes {
    ($($code:ident = $name:literal),+ $(,)?) => {
        /// Why a call was refused. Its documentation is in the API's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each says its name")]
        pub enum Code {
            $($code,)+
            /// One that a storm never deserves, or that nobody knows.
            Other,
        }

        impl Code {
            /// The code of a name in a body.
            #[must_use]
            pub fn named(name: &str) -> Self {
                match name {
                    $($name => Self::$code,)+
                    _ => Self::Other,
                }
            }

            /// Its name in a body.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                    Self::Other => "another",
                }
            }
        }
    };
}

codes! {
    QueueTokenEnded = "QUEUE_TOKEN_ENDED",
    NotAdmitted = "NOT_ADMITTED",
    Forbidden = "FORBIDDEN",
    InsufficientBalance = "INSUFFICIENT_BALANCE",
    ReservationNotFound = "RESERVATION_NOT_FOUND",
    PaymentNotFound = "PAYMENT_NOT_FOUND",
    SeatTaken = "SEAT_TAKEN",
    SeatLimitReached = "SEAT_LIMIT_REACHED",
    NotCancellable = "NOT_CANCELLABLE",
    HoldExpired = "HOLD_EXPIRED",
    AlreadyPaid = "ALREADY_PAID",
    NotPayable = "NOT_PAYABLE",
    AlreadyRefunded = "ALREADY_REFUNDED",
    AmountMismatch = "AMOUNT_MISMATCH",
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
    StoreUnavailable = "STORE_UNAVAILABLE",
}
