//! Whether it is somebody's turn.

use super::{EndReason, Ticket, TicketState};
use crate::time::Timestamp;

/// Why it is not somebody's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// There is no such ticket.
    #[error("the queue token names no ticket of this waiting room")]
    Unknown,
    /// The turn has not come.
    #[error("it is not your turn yet")]
    Waiting,
    /// The turn is over.
    #[error("the turn of this queue token is over")]
    Ended(EndReason),
}

/// The ticket, if it is its turn at `now`.
///
/// # Errors
///
/// [`NoTurn`], which says why it is not.
pub fn require_turn(ticket: Option<&Ticket>, now: Timestamp) -> Result<&Ticket, NoTurn> {
    let ticket = ticket.ok_or(NoTurn::Unknown)?;
    match ticket.state_at(now) {
        TicketState::Active { .. } => Ok(ticket),
        TicketState::Waiting => Err(NoTurn::Waiting),
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

    fn ticket(state: TicketState) -> Ticket {
        let (id, user) = (TicketId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        Ticket { id, user, number: 12, issued_at: at(0), state }
    }

    #[test]
    fn an_active_ticket_has_its_turn() {
        let ticket = ticket(TicketState::Active { expires_at: at(10), claimed: true });
        assert_eq!(require_turn(Some(&ticket), at(9)), Ok(&ticket));
    }

    #[test]
    fn a_turn_that_ran_out_is_refused_with_its_reason() {
        let ran_out = |claimed| ticket(TicketState::Active { expires_at: at(10), claimed });
        assert_eq!(require_turn(Some(&ran_out(true)), at(10)), Err(NoTurn::Ended(EndReason::TimedOut)));
        assert_eq!(require_turn(Some(&ran_out(false)), at(10)), Err(NoTurn::Ended(EndReason::NoShow)));
    }

    #[test]
    fn who_waits_has_no_turn_yet() {
        assert_eq!(require_turn(Some(&ticket(TicketState::Waiting)), at(1)), Err(NoTurn::Waiting));
    }

    #[test]
    fn an_unknown_ticket_has_no_turn() {
        assert_eq!(require_turn(None, at(1)), Err(NoTurn::Unknown));
    }
}
