//! Whether it is somebody's turn.

use chrono::Duration;

use super::{EndReason, Ticket, TicketState, estimated_wait, poll_after};
use crate::time::Timestamp;

/// A ticket and where it stands in the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The ticket.
    pub ticket: Ticket,
    /// Exactly how many who are still waiting stand in front; 0 unless the ticket waits.
    pub ahead: u64,
    /// How many wait in all.
    pub waiting: u64,
    /// Admissions within the last [`super::MEASURED_FOR`].
    pub admitted_lately: u64,
}

impl Standing {
    /// How long the wait will be; none unless the ticket waits and admissions have been measured.
    #[must_use]
    pub fn estimated_wait(&self) -> Option<Duration> {
        match self.ticket.state {
            TicketState::Waiting => estimated_wait(self.ahead, self.admitted_lately),
            _ => None,
        }
    }

    /// When to ask again.
    #[must_use]
    pub fn poll_after(&self) -> Duration {
        poll_after(self.ahead, self.estimated_wait(), self.ticket.number)
    }
}

/// Why it is not somebody's turn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// There is no such ticket.
    #[error("the queue token names no ticket of this waiting room")]
    Unknown,
    /// The turn has not come.
    #[error("it is not your turn yet")]
    Waiting(Box<Standing>),
    /// The turn is over.
    #[error("the turn of this queue token is over")]
    Ended(EndReason),
}

/// The ticket, if it is its turn at `now`.
///
/// # Errors
///
/// [`NoTurn`], which says why it is not.
pub fn require_turn(standing: Option<&Standing>, now: Timestamp) -> Result<&Ticket, NoTurn> {
    let standing = standing.ok_or(NoTurn::Unknown)?;
    match standing.ticket.state_at(now) {
        TicketState::Active { .. } => Ok(&standing.ticket),
        TicketState::Waiting => Err(NoTurn::Waiting(Box::new(standing.clone()))),
        TicketState::Ended { reason } => Err(NoTurn::Ended(reason)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::ids::{TicketId, UserId};

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    fn standing(state: TicketState) -> Standing {
        let ticket = Ticket {
            id: TicketId(Uuid::from_u128(1)),
            user: UserId(Uuid::from_u128(2)),
            number: 12,
            issued_at: at(0),
            state,
        };
        Standing { ticket, ahead: 4, waiting: 9, admitted_lately: 60 }
    }

    #[test]
    fn an_active_ticket_has_its_turn() {
        let standing = standing(TicketState::Active { expires_at: at(10) });
        assert_eq!(require_turn(Some(&standing), at(9)), Ok(&standing.ticket));
    }

    #[test]
    fn a_turn_that_ran_out_is_refused_with_its_reason() {
        let standing = standing(TicketState::Active { expires_at: at(10) });
        assert_eq!(require_turn(Some(&standing), at(10)), Err(NoTurn::Ended(EndReason::TimedOut)));
    }

    #[test]
    fn a_waiting_ticket_is_told_where_it_stands() {
        let standing = standing(TicketState::Waiting);
        assert_eq!(require_turn(Some(&standing), at(1)), Err(NoTurn::Waiting(Box::new(standing.clone()))));
        assert_eq!(standing.estimated_wait(), Some(Duration::seconds(5)));
    }

    #[test]
    fn an_unknown_ticket_has_no_turn() {
        assert_eq!(require_turn(None, at(1)), Err(NoTurn::Unknown));
    }

    #[test]
    fn no_wait_is_estimated_for_whoever_does_not_wait() {
        assert_eq!(standing(TicketState::Active { expires_at: at(10) }).estimated_wait(), None);
    }
}
