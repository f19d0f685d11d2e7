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

impl EndReason {
    /// Why a turn is over that has run out: whoever came had the session time, whoever did not lost it to the
    /// next.
    #[must_use]
    pub const fn of_run_out_turn(claimed: bool) -> Self {
        if claimed { Self::TimedOut } else { Self::NoShow }
    }
}

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Its turn has not come.
    Waiting,
    /// It is its turn.
    Active {
        /// When the turn ends: after the session time, or, until its owner has come, after the claim time.
        expires_at: Timestamp,
        /// Whether its owner has come.
        claimed: bool,
    },
    /// It is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// A place in the waiting room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            TicketState::Active { expires_at, claimed } if expires_at <= now => {
                TicketState::Ended { reason: EndReason::of_run_out_turn(claimed) }
            }
            state => state,
        }
    }

    /// Whether it is its turn and its owner has not come.
    #[must_use]
    pub const fn is_unclaimed(&self) -> bool {
        matches!(self.state, TicketState::Active { claimed: false, .. })
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
        fn a_turn_goes_on_until_just_before_it_expires(distance in -1_000_000_i64..1_000_000, claimed: bool) {
            let now = Utc.timestamp_opt(1_000, 0).unwrap();
            let turn = TicketState::Active { expires_at: now + Duration::microseconds(distance), claimed };
            let reason = if claimed { EndReason::TimedOut } else { EndReason::NoShow };
            let expected = if distance > 0 { turn } else { TicketState::Ended { reason } };
            prop_assert_eq!(ticket(turn).state_at(now), expected);
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
