//! Where a ticket stands in the room.

use chrono::Duration;

use super::{Ticket, TicketState, estimated_wait, poll_after};

/// A ticket and where it stands, as far as an instance knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The ticket.
    pub ticket: Ticket,
    /// Exactly how many who are still waiting stand in front; 0 unless the ticket waits.
    pub ahead: u64,
    /// How many of those in front have not been passed over: they come first, the others only if they are
    /// back in time.
    pub there_ahead: u64,
    /// How many wait in all.
    pub waiting: u64,
    /// Admissions within the last [`super::MEASURED_FOR`].
    pub admitted_lately: u64,
    /// How long a turn waits for its owner to come, by the policy in force.
    pub claim: Duration,
    /// How old the knowledge is that all this rests on.
    pub age: Duration,
}

impl Standing {
    /// How long the wait will be; none unless the ticket waits and admissions have been measured.
    #[must_use]
    pub fn estimated_wait(&self) -> Option<Duration> {
        match self.ticket.state {
            TicketState::Waiting => estimated_wait(self.there_ahead, self.admitted_lately),
            _ => None,
        }
    }

    /// When to ask again: soon enough not to miss the turn, whenever it comes.
    #[must_use]
    pub fn poll_after(&self) -> Duration {
        poll_after(self.there_ahead, self.estimated_wait(), self.ticket.number, self.claim)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::ids::{TicketId, UserId};

    fn standing(state: TicketState) -> Standing {
        let issued_at = Utc.timestamp_opt(0, 0).unwrap();
        let (id, user) = (TicketId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let ticket = Ticket { id, user, number: 12, issued_at, state };
        Standing {
            ticket,
            ahead: 9,
            there_ahead: 4,
            waiting: 20,
            admitted_lately: 60,
            claim: Duration::seconds(60),
            age: Duration::zero(),
        }
    }

    #[test]
    fn those_who_were_passed_over_do_not_make_the_wait_longer() {
        assert_eq!(standing(TicketState::Waiting).estimated_wait(), Some(Duration::seconds(5)));
    }

    #[test]
    fn the_next_question_follows_from_those_who_are_there() {
        let standing = Standing { there_ahead: 2_000, ..standing(TicketState::Waiting) };
        let expected = poll_after(2_000, Some(Duration::seconds(2_001)), 12, Duration::seconds(60));
        assert_eq!(standing.poll_after(), expected);
        assert!(expected > Duration::seconds(10), "expected it not to be soon, got {expected}");
    }

    #[test]
    fn no_wait_is_estimated_for_whoever_does_not_wait() {
        let expires_at = Utc.timestamp_opt(10, 0).unwrap();
        assert_eq!(standing(TicketState::Active { expires_at, claimed: true }).estimated_wait(), None);
    }
}
