//! A ticket and its life: waiting, active, ended.

use crate::{
    ids::{TicketId, UserId},
    time::Timestamp,
};

/// Why a ticket's life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its owner paid.
    Paid,
    /// Its owner gave it up.
    Left,
    /// Its turn ran out.
    TimedOut,
    /// Its turn came and nobody took it.
    NoShow,
}

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Its turn has not come.
    Waiting,
    /// It is its turn.
    Active {
        /// When the turn ends.
        expires_at: Timestamp,
    },
    /// It is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// A place in the waiting room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The ticket's id.
    pub id: TicketId,
    /// Whose it is. A user has at most one that has not ended.
    pub user: UserId,
    /// The place in the order of arrival, from 1, without gaps, never reused.
    pub number: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Where it is in its life, as stored; see [`Ticket::state_at`].
    pub state: TicketState,
}

impl Ticket {
    /// Where the ticket is in its life at `now`: a turn is over from the instant it expires, whether or not
    /// anybody has noted it.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> TicketState {
        match self.state {
            TicketState::Active { expires_at } if expires_at <= now => {
                TicketState::Ended { reason: EndReason::TimedOut }
            }
            state => state,
        }
    }

    /// Whether the ticket still counts at `now`: it waits, or it is its turn.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        !matches!(self.state_at(now), TicketState::Ended { .. })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn ticket(state: TicketState) -> Ticket {
        Ticket {
            id: TicketId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            number: 1,
            issued_at: Utc.timestamp_opt(0, 0).unwrap(),
            state,
        }
    }

    proptest! {
        #[test]
        fn a_turn_is_live_until_just_before_it_expires(distance in -1_000_000_i64..1_000_000) {
            let now = Utc.timestamp_opt(1_000, 0).unwrap();
            let expires_at = now + Duration::microseconds(distance);
            let ticket = ticket(TicketState::Active { expires_at });
            prop_assert_eq!(ticket.is_live_at(now), distance > 0);
        }

        #[test]
        fn an_ended_ticket_never_lives_again(second in 0_i64..1_000_000) {
            let now = Utc.timestamp_opt(second, 0).unwrap();
            for reason in [EndReason::Paid, EndReason::Left, EndReason::TimedOut, EndReason::NoShow] {
                let state = TicketState::Ended { reason };
                prop_assert_eq!(ticket(state).state_at(now), state);
            }
        }

        #[test]
        fn who_waits_goes_on_waiting_however_long(second in 0_i64..1_000_000_000) {
            let now = Utc.timestamp_opt(second, 0).unwrap();
            prop_assert_eq!(ticket(TicketState::Waiting).state_at(now), TicketState::Waiting);
        }
    }
}
