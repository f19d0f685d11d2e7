//! Which error becomes which problem: the only place where business reasons meet status codes.

use catalog::{CreateScheduleError, ListSchedulesError, ListSeatsError, WatchSeatsError};
use domain::{
    catalog::{SalesWindowError, SeatNumber},
    idempotency::KeyReused,
    identity::{BadToken, SigningFailed},
    payment::{PaymentRefused, RefundRefused},
    reservation::{CancelRefused, HoldRefused},
    storage::StorageError,
    waiting_room::{EndReason, NoTurn, Standing},
    wallet::{ChargeRefused, NotTheOwner},
};
use identity::{FindUserError, OpenSessionError, RegisterUserError, VerifyCredentialsError};
use payment::{FindPaymentError, PayReservationError, RefundPaymentError};
use reservation::{CancelReservationError, FindReservationError, HoldSeatsError};
use waiting_room::{CheckPlaceError, JoinQueueError, LeaveQueueError, RequireTurnError};
use wallet::{ChargeBalanceError, ListTransactionsError, ShowBalanceError};

use super::{Code, Problem};
use crate::response::{Amount, EndReasonName, whole_seconds};

/// When to try again after the store was away, or overloaded.
const STORE_RETRY_SECONDS: u64 = 1;
/// When to try again after the room was closed.
const CLOSED_RETRY_SECONDS: u64 = 30;

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) => {
                Self::new(Code::StoreUnavailable).retry_after(STORE_RETRY_SECONDS).caused_by(error)
            }
            // Without its cause: it is counted rather than logged.
            StorageError::Overloaded(_) => Self::new(Code::StoreUnavailable).retry_after(STORE_RETRY_SECONDS),
            StorageError::Unexpected(_) => Self::internal(error),
        }
    }
}

impl From<SigningFailed> for Problem {
    fn from(error: SigningFailed) -> Self {
        Self::internal(error)
    }
}

impl From<BadToken> for Problem {
    fn from(BadToken: BadToken) -> Self {
        Self::because(Code::Unauthenticated, "The token is not good here.")
    }
}

impl From<KeyReused> for Problem {
    fn from(KeyReused: KeyReused) -> Self {
        Self::new(Code::IdempotencyKeyReused)
    }
}

impl From<NotTheOwner> for Problem {
    fn from(NotTheOwner: NotTheOwner) -> Self {
        Self::new(Code::Forbidden)
    }
}

impl From<NoTurn> for Problem {
    fn from(error: NoTurn) -> Self {
        match error {
            NoTurn::Unknown => {
                Self::because(Code::Unauthenticated, "The token names no ticket of this waiting room.")
            }
            NoTurn::Waiting => Self::new(Code::NotAdmitted),
            NoTurn::Ended(reason) => turn_over(reason),
        }
    }
}

/// What whoever waits is told who asked for more.
pub(crate) fn not_admitted(standing: &Standing) -> Problem {
    let poll_after = whole_seconds(standing.poll_after());
    Problem::new(Code::NotAdmitted)
        .with("ahead", &standing.ahead)
        .with("pollAfterSeconds", &poll_after)
        .retry_after(poll_after)
}

fn turn_over(reason: EndReason) -> Problem {
    Problem::new(Code::QueueTokenEnded).with("reason", &EndReasonName::from(reason))
}

fn numbers(seats: &[SeatNumber]) -> Vec<u8> {
    seats.iter().map(|number| number.get()).collect()
}

impl From<RegisterUserError> for Problem {
    fn from(error: RegisterUserError) -> Self {
        match error {
            RegisterUserError::EmailTaken => Self::new(Code::EmailTaken),
            RegisterUserError::Storage(error) => error.into(),
        }
    }
}

impl From<VerifyCredentialsError> for Problem {
    fn from(error: VerifyCredentialsError) -> Self {
        match error {
            VerifyCredentialsError::TooManyFailures { retry_after } => {
                Self::new(Code::TooManyAttempts).retry_after(whole_seconds(retry_after).max(1))
            }
            VerifyCredentialsError::BadCredentials => Self::new(Code::BadCredentials),
            VerifyCredentialsError::Storage(error) => error.into(),
        }
    }
}

impl From<OpenSessionError> for Problem {
    fn from(error: OpenSessionError) -> Self {
        match error {
            OpenSessionError::Credentials(error) => error.into(),
            OpenSessionError::Signing(error) => error.into(),
        }
    }
}

impl From<FindUserError> for Problem {
    fn from(error: FindUserError) -> Self {
        match error {
            FindUserError::NotFound => Self::new(Code::UserNotFound),
            FindUserError::Storage(error) => error.into(),
        }
    }
}

impl From<JoinQueueError> for Problem {
    fn from(error: JoinQueueError) -> Self {
        match error {
            JoinQueueError::Closed => Self::new(Code::QueueClosed).retry_after(CLOSED_RETRY_SECONDS),
            JoinQueueError::UnknownUser => Self::new(Code::Unauthenticated),
            JoinQueueError::Signing(error) => error.into(),
            JoinQueueError::Storage(error) => error.into(),
        }
    }
}

impl From<CheckPlaceError> for Problem {
    fn from(error: CheckPlaceError) -> Self {
        match error {
            CheckPlaceError::UnknownTicket => NoTurn::Unknown.into(),
            CheckPlaceError::TooFast { again_after } => {
                Self::new(Code::PollingTooFast).retry_after(whole_seconds(again_after).max(1))
            }
            CheckPlaceError::Storage(error) => error.into(),
        }
    }
}

impl From<LeaveQueueError> for Problem {
    fn from(error: LeaveQueueError) -> Self {
        match error {
            LeaveQueueError::NoTurn(error) => error.into(),
            LeaveQueueError::Storage(error) => error.into(),
        }
    }
}

impl From<RequireTurnError> for Problem {
    fn from(error: RequireTurnError) -> Self {
        match error {
            RequireTurnError::NoTurn(error) => error.into(),
            RequireTurnError::Storage(error) => error.into(),
        }
    }
}

impl From<ListSchedulesError> for Problem {
    fn from(error: ListSchedulesError) -> Self {
        match error {
            ListSchedulesError::ConcertNotFound => Self::new(Code::ConcertNotFound),
            ListSchedulesError::Storage(error) => error.into(),
        }
    }
}

impl From<ListSeatsError> for Problem {
    fn from(error: ListSeatsError) -> Self {
        match error {
            ListSeatsError::ScheduleNotFound => Self::new(Code::ScheduleNotFound),
            ListSeatsError::Storage(error) => error.into(),
        }
    }
}

impl From<CreateScheduleError> for Problem {
    fn from(error: CreateScheduleError) -> Self {
        match error {
            CreateScheduleError::SalesWindow(
                reason @ (SalesWindowError::NeverOpen | SalesWindowError::ClosesAfterTheShowBegins),
            ) => Self::invalid("salesCloseAt", reason),
            CreateScheduleError::ConcertNotFound => Self::new(Code::ConcertNotFound),
            CreateScheduleError::Storage(error) => error.into(),
        }
    }
}

impl From<WatchSeatsError> for Problem {
    fn from(error: WatchSeatsError) -> Self {
        match error {
            WatchSeatsError::ScheduleNotFound => Self::new(Code::ScheduleNotFound),
            WatchSeatsError::Storage(error) => error.into(),
        }
    }
}

impl From<HoldRefused> for Problem {
    fn from(refused: HoldRefused) -> Self {
        match refused {
            HoldRefused::ScheduleNotFound => Self::new(Code::ScheduleNotFound),
            HoldRefused::SeatNotFound(seats) => {
                Self::new(Code::SeatNotFound).with("seatNumbers", &numbers(&seats))
            }
            HoldRefused::SeatLimitReached { at_most } => Self::because(
                Code::SeatLimitReached,
                format!("At most {at_most} unpaid seats of a schedule can be held at a time."),
            ),
            HoldRefused::ScheduleClosed => Self::new(Code::ScheduleClosed),
            HoldRefused::SeatTaken(seats) => Self::new(Code::SeatTaken).with("seatNumbers", &numbers(&seats)),
        }
    }
}

impl From<HoldSeatsError> for Problem {
    fn from(error: HoldSeatsError) -> Self {
        match error {
            HoldSeatsError::KeyReused(error) => error.into(),
            HoldSeatsError::NoTurn(error) => error.into(),
            HoldSeatsError::Refused(refused) => refused.into(),
            HoldSeatsError::Storage(error) => error.into(),
        }
    }
}

impl From<CancelRefused> for Problem {
    fn from(refused: CancelRefused) -> Self {
        match refused {
            CancelRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            CancelRefused::NotCancellable(_) => Self::new(Code::NotCancellable),
        }
    }
}

impl From<CancelReservationError> for Problem {
    fn from(error: CancelReservationError) -> Self {
        match error {
            CancelReservationError::NoTurn(error) => error.into(),
            CancelReservationError::Refused(refused) => refused.into(),
            CancelReservationError::Storage(error) => error.into(),
        }
    }
}

impl From<FindReservationError> for Problem {
    fn from(error: FindReservationError) -> Self {
        match error {
            FindReservationError::NotFound => Self::new(Code::ReservationNotFound),
            FindReservationError::Storage(error) => error.into(),
        }
    }
}

impl From<ChargeRefused> for Problem {
    fn from(refused: ChargeRefused) -> Self {
        match refused {
            ChargeRefused::InvalidAmount { at_most } => {
                Self::because(Code::InvalidAmount, format!("amount: must be above 0 and at most {at_most}"))
                    .with("field", &"amount")
            }
            ChargeRefused::BalanceLimitExceeded { at_most } => {
                Self::because(Code::BalanceLimitExceeded, format!("A balance is at most {at_most}."))
            }
        }
    }
}

impl From<ChargeBalanceError> for Problem {
    fn from(error: ChargeBalanceError) -> Self {
        match error {
            ChargeBalanceError::NotTheOwner(error) => error.into(),
            ChargeBalanceError::KeyReused(error) => error.into(),
            ChargeBalanceError::NoTurn(error) => error.into(),
            ChargeBalanceError::Refused(refused) => refused.into(),
            ChargeBalanceError::Storage(error) => error.into(),
        }
    }
}

impl From<ShowBalanceError> for Problem {
    fn from(error: ShowBalanceError) -> Self {
        match error {
            ShowBalanceError::NotTheOwner(error) => error.into(),
            ShowBalanceError::Storage(error) => error.into(),
        }
    }
}

impl From<ListTransactionsError> for Problem {
    fn from(error: ListTransactionsError) -> Self {
        match error {
            ListTransactionsError::NotTheOwner(error) => error.into(),
            ListTransactionsError::Storage(error) => error.into(),
        }
    }
}

impl From<PaymentRefused> for Problem {
    fn from(refused: PaymentRefused) -> Self {
        match refused {
            PaymentRefused::ReservationNotFound => Self::new(Code::ReservationNotFound),
            PaymentRefused::AmountMismatch { total_price } => {
                Self::new(Code::AmountMismatch).with("totalPrice", &Amount(total_price))
            }
            PaymentRefused::AlreadyPaid => Self::new(Code::AlreadyPaid),
            PaymentRefused::NotPayable => Self::new(Code::NotPayable),
            PaymentRefused::HoldExpired => Self::new(Code::HoldExpired),
            PaymentRefused::InsufficientBalance { balance, total_price } => {
                Self::new(Code::InsufficientBalance)
                    .with("currentBalance", &Amount(balance))
                    .with("totalPrice", &Amount(total_price))
            }
        }
    }
}

impl From<PayReservationError> for Problem {
    fn from(error: PayReservationError) -> Self {
        match error {
            PayReservationError::KeyReused(error) => error.into(),
            PayReservationError::NoTurn(error) => error.into(),
            PayReservationError::Refused(refused) => refused.into(),
            PayReservationError::Storage(error) => error.into(),
        }
    }
}

impl From<RefundPaymentError> for Problem {
    fn from(error: RefundPaymentError) -> Self {
        match error {
            RefundPaymentError::PaymentNotFound => Self::new(Code::PaymentNotFound),
            RefundPaymentError::Refused(RefundRefused::AlreadyRefunded) => Self::new(Code::AlreadyRefunded),
            RefundPaymentError::Refused(RefundRefused::ShowHasBegun) => Self::new(Code::NotRefundable),
            RefundPaymentError::Storage(error) => error.into(),
        }
    }
}

impl From<FindPaymentError> for Problem {
    fn from(error: FindPaymentError) -> Self {
        match error {
            FindPaymentError::NotFound => Self::new(Code::PaymentNotFound),
            FindPaymentError::Storage(error) => error.into(),
        }
    }
}
