//! Every reason for which this service refuses, with its status and its words.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($code:ident = $name:literal, $status:ident, $title:literal, $when:literal;)+) => {
        /// A reason for a refusal, as clients tell it apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Code {
            $(#[doc = $when] $code,)+
        }

        impl Code {
            /// The code as it stands in a body.
            #[must_use]
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// The status it is answered with.
            #[must_use]
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status,)+ }
            }

            /// The same few words whenever it occurs.
            #[must_use]
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// When it occurs, for the API's description.
            #[must_use]
            pub(crate) const fn when(self) -> &'static str {
                match self { $(Self::$code => $when,)+ }
            }
        }
    };
}

codes! {
    BadRequest = "BAD_REQUEST", BAD_REQUEST, "Bad request",
        "The request can not be understood.";
    MalformedJson = "MALFORMED_JSON", BAD_REQUEST, "The body is no JSON",
        "The body is empty, is not UTF-8, or is no JSON text.";
    Unauthenticated = "UNAUTHENTICATED", UNAUTHORIZED, "Who is calling is not known",
        "There is no token, or one that is garbled, expired, of the other kind, or of no use here.";
    BadCredentials = "BAD_CREDENTIALS", UNAUTHORIZED, "Wrong email address or password",
        "Nobody has this email address, or the password is another.";
    QueueTokenEnded = "QUEUE_TOKEN_ENDED", UNAUTHORIZED, "The turn is over",
        "The turn of this queue token was paid with, given up, has timed out or was not claimed in time; `reason` says which.";
    InsufficientBalance = "INSUFFICIENT_BALANCE", PAYMENT_REQUIRED, "The balance is too small",
        "The balance is below the price; the hold stays until it runs out.";
    NotAdmitted = "NOT_ADMITTED", FORBIDDEN, "It is not your turn yet",
        "The queue token waits; `pollAfterSeconds` says when to ask for its status.";
    Forbidden = "FORBIDDEN", FORBIDDEN, "This is somebody else's",
        "The balance belongs to another user.";
    NotFound = "NOT_FOUND", NOT_FOUND, "There is nothing here",
        "The service has no such path.";
    UserNotFound = "USER_NOT_FOUND", NOT_FOUND, "There is no such user",
        "The id names no user.";
    ConcertNotFound = "CONCERT_NOT_FOUND", NOT_FOUND, "There is no such concert",
        "The id names no concert.";
    ScheduleNotFound = "SCHEDULE_NOT_FOUND", NOT_FOUND, "There is no such schedule",
        "The id names no schedule.";
    SeatNotFound = "SEAT_NOT_FOUND", NOT_FOUND, "There is no such seat",
        "The schedule left out a number; `seatNumbers` names those.";
    ReservationNotFound = "RESERVATION_NOT_FOUND", NOT_FOUND, "There is no such reservation",
        "The id names no reservation of the caller's.";
    PaymentNotFound = "PAYMENT_NOT_FOUND", NOT_FOUND, "There is no such payment",
        "The id names no payment, or not one of the caller's.";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "The path has no such method",
        "The path knows the methods that `Allow` names.";
    RequestTimeout = "REQUEST_TIMEOUT", REQUEST_TIMEOUT, "The body did not arrive in time",
        "The rest of the body was waited for, and did not come.";
    EmailTaken = "EMAIL_TAKEN", CONFLICT, "The email address is taken",
        "Another user has this email address.";
    SeatTaken = "SEAT_TAKEN", CONFLICT, "A seat is taken",
        "The seats in `seatNumbers` are held or sold already; none was held.";
    SeatLimitReached = "SEAT_LIMIT_REACHED", CONFLICT, "Too many seats",
        "The caller would hold more unpaid seats of the schedule than allowed.";
    ScheduleClosed = "SCHEDULE_CLOSED", CONFLICT, "The schedule is not on sale",
        "Sales have not begun, or are over.";
    NotCancellable = "NOT_CANCELLABLE", CONFLICT, "The reservation can not be cancelled",
        "It is paid, cancelled or expired.";
    BalanceLimitExceeded = "BALANCE_LIMIT_EXCEEDED", CONFLICT, "The balance would be too large",
        "The balance would be above what a balance may be.";
    HoldExpired = "HOLD_EXPIRED", CONFLICT, "The hold has run out",
        "The reservation was not paid in time.";
    AlreadyPaid = "ALREADY_PAID", CONFLICT, "The reservation is paid already",
        "The reservation was paid before.";
    NotPayable = "NOT_PAYABLE", CONFLICT, "The reservation can not be paid",
        "The reservation was cancelled.";
    AlreadyRefunded = "ALREADY_REFUNDED", CONFLICT, "The payment is refunded already",
        "The payment was given back before.";
    NotRefundable = "NOT_REFUNDABLE", CONFLICT, "The payment can not be refunded",
        "The show has begun.";
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", PAYLOAD_TOO_LARGE, "The body is too large",
        "The body has more than 64 KiB.";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "The body is of another type",
        "The body is not `application/json`, or is encoded.";
    InvalidRequest = "INVALID_REQUEST", UNPROCESSABLE_ENTITY, "The request is not valid",
        "Something is missing, ill-typed or out of range; `field` names it.";
    InvalidAmount = "INVALID_AMOUNT", UNPROCESSABLE_ENTITY, "The amount is not valid",
        "The amount is zero, negative, too large, has more than two decimals, or is none.";
    AmountMismatch = "AMOUNT_MISMATCH", UNPROCESSABLE_ENTITY, "The price is another",
        "The `paymentAmount` is not the price; `totalPrice` is.";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", UNPROCESSABLE_ENTITY, "The idempotency key is in use",
        "The `Idempotency-Key` was used before, for a different request.";
    TooManyAttempts = "TOO_MANY_ATTEMPTS", TOO_MANY_REQUESTS, "Too many failed logins",
        "Logins for this email address failed too often; `Retry-After` says when to try again.";
    PollingTooFast = "POLLING_TOO_FAST", TOO_MANY_REQUESTS, "Asked too often",
        "The place was asked for much more often than `pollAfterSeconds` said; `Retry-After` says when to ask again.";
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "Something went wrong here",
        "A fault of the service; the request id finds it in the log.";
    QueueClosed = "QUEUE_CLOSED", SERVICE_UNAVAILABLE, "The waiting room is closed",
        "The operator has paused the waiting room, or lets it drain; nobody new is taken in.";
    StoreUnavailable = "STORE_UNAVAILABLE", SERVICE_UNAVAILABLE, "The store is not available",
        "The store is away, hangs or is overloaded. A change may have been made all the same: with the same `Idempotency-Key` \
         it is safe to ask again.";
    TooManyStreams = "TOO_MANY_STREAMS", SERVICE_UNAVAILABLE, "Too many streams are open",
        "This instance has as many open streams as it takes; `Retry-After` says when to try again.";
    ShuttingDown = "SHUTTING_DOWN", SERVICE_UNAVAILABLE, "The service is shutting down",
        "This instance takes no new work.";
}

impl Code {
    /// The problem's type (RFC 9457, 3.1.1): `urn:encore:problem:seat-taken`.
    #[must_use]
    pub(crate) fn urn(self) -> String {
        format!("urn:encore:problem:{}", self.name().to_ascii_lowercase().replace('_', "-"))
    }

    /// The code for a refusal of the framework's own, of which only the status is known.
    #[must_use]
    pub(crate) fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::InvalidRequest,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}
