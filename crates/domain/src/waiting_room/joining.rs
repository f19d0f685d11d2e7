//! What is to become of those who join together.

use std::collections::HashMap;

use super::{Joined, Newcomer, RoomPolicy, Ticket, TicketState};
use crate::{
    ids::{TicketId, UserId},
    time::Timestamp,
};

/// What is known of those who join: a user that is missing does not exist.
pub type KnownUsers = HashMap<UserId, Option<Ticket>>;

/// What is to become of those who join, before anybody is admitted.
#[derive(Debug, Default)]
pub struct JoinPlan {
    /// The tickets to be issued, with their numbers.
    pub issued: Vec<Ticket>,
    found: Vec<Ticket>,
    joined: Vec<Joined>,
}

impl JoinPlan {
    /// Numbers the newcomers after `last_number`, in their order: one ticket a user, and none while the policy
    /// takes nobody in.
    #[must_use]
    pub fn new(
        newcomers: &[Newcomer],
        mut known: KnownUsers,
        policy: &RoomPolicy,
        last_number: u64,
        now: Timestamp,
    ) -> Self {
        let mut plan = Self::default();
        let mut number = last_number;
        for newcomer in newcomers {
            let joined = match known.get(&newcomer.user) {
                None => Joined::UnknownUser,
                Some(Some(live)) => {
                    plan.found.push(*live);
                    Joined::Again(*live)
                }
                Some(None) if !policy.takes_newcomers() => Joined::Closed,
                Some(None) => {
                    let (id, user) = (newcomer.ticket, newcomer.user);
                    number += 1;
                    let ticket = Ticket { id, user, number, issued_at: now, state: TicketState::Waiting };
                    known.insert(user, Some(ticket));
                    plan.issued.push(ticket);
                    Joined::Issued(ticket)
                }
            };
            plan.joined.push(joined);
        }
        plan
    }

    /// The tickets of everybody who joins and has one: who joins is there.
    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.joined.iter().filter_map(|joined| match joined {
            Joined::Issued(ticket) | Joined::Again(ticket) => Some(ticket),
            Joined::Closed | Joined::UnknownUser => None,
        })
    }

    /// The live tickets that were found: who joins again is there, and has come if it is the turn.
    #[must_use]
    pub fn found(&self) -> &[Ticket] {
        &self.found
    }

    /// What the callers are told, after these turns have begun or were claimed.
    #[must_use]
    pub fn outcomes(mut self, turns: &HashMap<TicketId, TicketState>) -> Vec<Joined> {
        for joined in &mut self.joined {
            if let Joined::Issued(ticket) | Joined::Again(ticket) = joined
                && let Some(turn) = turns.get(&ticket.id)
            {
                ticket.state = *turn;
            }
        }
        self.joined
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::waiting_room::RoomState;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn newcomer(number: u128) -> Newcomer {
        Newcomer { user: user(number), ticket: TicketId(Uuid::from_u128(100 + number)) }
    }

    fn numbers(plan: &JoinPlan) -> Vec<u64> {
        plan.issued.iter().map(|ticket| ticket.number).collect()
    }

    #[test]
    fn who_came_first_has_the_lower_number_and_who_has_a_ticket_takes_none() {
        let live = Ticket {
            id: TicketId(Uuid::nil()),
            user: user(2),
            number: 3,
            issued_at: Timestamp::UNIX_EPOCH,
            state: TicketState::Waiting,
        };
        let known = HashMap::from([(user(1), None), (user(2), Some(live)), (user(3), None)]);
        let newcomers = [newcomer(3), newcomer(2), newcomer(9), newcomer(1)];
        let plan = JoinPlan::new(&newcomers, known, &RoomPolicy::default(), 7, Timestamp::UNIX_EPOCH);
        assert_eq!(numbers(&plan), [8, 9]);
        assert_eq!(plan.issued[0].user, user(3), "expected who came first to have the lower number");
        let joined = plan.outcomes(&HashMap::new());
        assert_eq!((&joined[1], &joined[2]), (&Joined::Again(live), &Joined::UnknownUser));
    }

    #[test]
    fn who_joins_twice_at_once_has_one_ticket() {
        let twice = [newcomer(1), newcomer(1)];
        let known = HashMap::from([(user(1), None)]);
        let plan = JoinPlan::new(&twice, known, &RoomPolicy::default(), 0, Timestamp::UNIX_EPOCH);
        assert_eq!(numbers(&plan), [1]);
        let ticket = plan.issued[0];
        assert_eq!(plan.outcomes(&HashMap::new()), [Joined::Issued(ticket), Joined::Again(ticket)]);
    }

    #[test]
    fn a_closed_room_hands_out_no_number() {
        for state in [RoomState::Paused, RoomState::Draining] {
            let policy = RoomPolicy { state, ..RoomPolicy::default() };
            let known = HashMap::from([(user(1), None)]);
            let plan = JoinPlan::new(&[newcomer(1)], known, &policy, 0, Timestamp::UNIX_EPOCH);
            assert_eq!((numbers(&plan), plan.outcomes(&HashMap::new())), (vec![], vec![Joined::Closed]));
        }
    }

    #[test]
    fn everybody_who_joins_and_has_a_ticket_is_there() {
        let live = Ticket {
            id: TicketId(Uuid::nil()),
            user: user(2),
            number: 3,
            issued_at: Timestamp::UNIX_EPOCH,
            state: TicketState::Waiting,
        };
        let known = HashMap::from([(user(1), None), (user(2), Some(live))]);
        let newcomers = [newcomer(1), newcomer(2), newcomer(9)];
        let plan = JoinPlan::new(&newcomers, known, &RoomPolicy::default(), 7, Timestamp::UNIX_EPOCH);
        assert_eq!(plan.found(), [live]);
        assert_eq!(plan.tickets().copied().collect::<Vec<_>>(), [plan.issued[0], live]);
    }
}
