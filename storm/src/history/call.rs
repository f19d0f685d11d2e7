//! One call: what was asked, when, and what was told.

use super::{Code, Id, Moment, SeatSet};

/// A fan, by number; the operator has the number after the last fan's.
pub type FanNumber = u16;
/// A schedule, by number.
pub type ScheduleNumber = u32;

/// A call, from before its first byte was sent until its answer was whole, or was given up.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who.
    pub fan: FanNumber,
    /// Which instance.
    pub instance: u8,
    /// Before the first byte was sent.
    pub began: Moment,
    /// After the last byte of the answer, or when nobody waited any longer.
    pub ended: Moment,
    /// The number of the ticket whose token was shown; 0 for another token.
    pub ticket: u64,
    /// The `Idempotency-Key`, by number; 0 for none.
    pub key: u32,
    /// What was asked.
    pub ask: Ask,
    /// Whether the caller meant to cut the connection, in mid-request or before the answer.
    pub is_cut: bool,
    /// What was told.
    pub told: Told,
    /// Whether the answer says that it is the first one again.
    pub replayed: bool,
    /// A digest of the answer's body.
    pub body: u64,
    /// What is wrong with the answer whatever was asked, in words.
    pub fault: Option<Box<str>>,
}

impl Call {
    /// Whether the call may have changed something although nobody was told so.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.told {
            Told::Unknown => true,
            Told::Refused { status, .. } => status >= 500,
            _ => false,
        }
    }
}

/// What is asked of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the API's own names")]
pub enum Ask {
    Join,
    Status,
    Leave,
    Concerts,
    Schedules,
    Seats { schedule: ScheduleNumber },
    Hold { schedule: ScheduleNumber, seats: SeatSet },
    Cancel { reservation: Id },
    Charge { owner: FanNumber, amount: i64 },
    Pay { reservation: Id, amount: Option<i64> },
    Balance { owner: FanNumber },
    Transactions { owner: FanNumber },
    Payments,
    Payment { payment: Id },
    Reservations,
    Reservation { reservation: Id },
    Refund { payment: Id },
}

impl Ask {
    /// The kind of call, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Join => "join the queue",
            Self::Status => "poll the status",
            Self::Leave => "leave",
            Self::Concerts => "list concerts",
            Self::Schedules => "list schedules",
            Self::Seats { .. } => "list seats",
            Self::Hold { .. } => "hold seats",
            Self::Cancel { .. } => "cancel",
            Self::Charge { .. } => "charge",
            Self::Pay { .. } => "pay",
            Self::Balance { .. } => "read the balance",
            Self::Transactions { .. } => "list transactions",
            Self::Payments => "list payments",
            Self::Payment { .. } => "read a payment",
            Self::Reservations => "list reservations",
            Self::Reservation { .. } => "read a reservation",
            Self::Refund { .. } => "refund",
        }
    }

    /// Whether it takes a turn, and changes something.
    #[must_use]
    pub fn is_change_in_turn(&self) -> bool {
        matches!(self, Self::Hold { .. } | Self::Cancel { .. } | Self::Charge { .. } | Self::Pay { .. })
    }

    /// Whether it takes a turn, and only reads.
    #[must_use]
    pub fn is_reading_in_turn(&self) -> bool {
        matches!(
            self,
            Self::Concerts
                | Self::Schedules
                | Self::Seats { .. }
                | Self::Balance { .. }
                | Self::Transactions { .. }
        )
    }
}

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub enum TicketStatus {
    Waiting,
    Active,
    Ended,
}

/// Why a ticket is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub enum Reason {
    Paid,
    Left,
    TimedOut,
    NoShow,
}

/// Where a reservation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub enum Status {
    Reserved,
    Paid,
    Cancelled,
    Expired,
}

/// A reservation as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub struct SeenReservation {
    pub id: Id,
    pub schedule: ScheduleNumber,
    pub seats: SeatSet,
    pub price: i64,
    pub status: Status,
    pub expires: Moment,
}

/// A payment as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub struct SeenPayment {
    pub id: Id,
    pub reservation: Id,
    pub amount: i64,
    pub refunded: bool,
}

/// An entry of a ledger as it was shown. Amounts are in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the API's own names")]
pub struct SeenEntry {
    pub id: Id,
    pub amount: i64,
    pub after: i64,
}

/// What the service told.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the API's own names")]
pub enum Told {
    /// Nothing: the connection was cut, or broke. The whole request may have arrived.
    Unknown,
    /// Nothing, and only a part of the request was sent.
    Unsent,
    Ticket {
        number: u64,
        status: TicketStatus,
        reason: Option<Reason>,
        is_new: bool,
        /// The instance said that it tells what it knew some time ago.
        is_old_news: bool,
    },
    Left,
    Listed,
    Seats {
        available: SeatSet,
        sold: SeatSet,
    },
    Reservation(SeenReservation),
    /// The newest ones.
    Reservations(Box<[SeenReservation]>),
    Charged {
        transaction: Id,
        amount: i64,
        balance: i64,
    },
    Paid {
        payment: SeenPayment,
        balance: i64,
    },
    Balance(i64),
    /// The newest ones.
    Transactions(Box<[SeenEntry]>),
    Payment(SeenPayment),
    /// The newest ones.
    Payments(Box<[SeenPayment]>),
    Refused {
        status: u16,
        code: Code,
        seats: SeatSet,
        reason: Option<Reason>,
        balance: i64,
    },
    /// Something that the API does not know.
    Garbled,
}

impl Told {
    /// Why the call was refused, if it was.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}
