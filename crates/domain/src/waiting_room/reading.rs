//! What a store tells an instance of its room.

use super::{EndReason, RoomPolicy, Ticket};
use crate::time::Timestamp;

/// Up to where an instance has read a store's changes. The store alone knows what it means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomMark(pub String);

/// The room, or what has changed in it since an earlier reading, as it is at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomReading {
    /// From where the next reading goes on.
    pub mark: RoomMark,
    /// The store's time.
    pub taken_at: Timestamp,
    /// The policy in force.
    pub policy: RoomPolicy,
    /// The last number handed out.
    pub last_number: u64,
    /// Who is in the room, or what has changed.
    pub contents: RoomContents,
}

/// Who is in the room, or what has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomContents {
    /// Everybody.
    Whole {
        /// The numbers of those who wait, ascending.
        waiting: Vec<u64>,
        /// Which of them were passed over, ascending.
        passed_over: Vec<u64>,
        /// Those whose turn it is.
        turns: Vec<Ticket>,
        /// When the admissions of the last [`super::MEASURED_FOR`] were.
        admitted_at: Vec<Timestamp>,
    },
    /// Tickets that have changed since they were issued, and since the earlier reading, as they are now. A
    /// ticket that was issued since and is not among them waits.
    Changed(Vec<TicketNews>),
}

/// A ticket that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketNews {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// Whether it waits and was passed over.
    pub passed_over: bool,
    /// When it was admitted, if ever.
    pub admitted_at: Option<Timestamp>,
}

/// Something that has happened in the room between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// So many have joined.
    Joined(u64),
    /// Somebody was admitted.
    Admitted {
        /// The ticket's number.
        number: u64,
        /// How long the wait was.
        waited: chrono::Duration,
    },
    /// A turn that goes on was claimed, or its end moved.
    TurnChanged {
        /// The ticket's number.
        number: u64,
    },
    /// Somebody was passed over, who has stopped asking.
    PassedOver {
        /// The ticket's number.
        number: u64,
    },
    /// Somebody who was passed over is back.
    CameBack {
        /// The ticket's number.
        number: u64,
    },
    /// A ticket's life has ended.
    Ended {
        /// The ticket's number.
        number: u64,
        /// Why.
        reason: EndReason,
    },
}

impl RoomEvent {
    /// The number of the ticket that it happened to; none of those who have joined.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Joined(_) => None,
            Self::Admitted { number, .. }
            | Self::TurnChanged { number }
            | Self::PassedOver { number }
            | Self::CameBack { number }
            | Self::Ended { number, .. } => Some(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_to_which_ticket_it_happened() {
        let events = [
            RoomEvent::TurnChanged { number: 7 },
            RoomEvent::PassedOver { number: 7 },
            RoomEvent::CameBack { number: 7 },
            RoomEvent::Ended { number: 7, reason: EndReason::Left },
        ];
        assert_eq!(events.map(|event| event.number()), [Some(7); 4]);
        assert_eq!(RoomEvent::Joined(3).number(), None);
    }
}
