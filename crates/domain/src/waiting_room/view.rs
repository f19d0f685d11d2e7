//! The room as an instance knows it: enough to tell anybody's place without asking the store.
//!
//! Of those who wait only their numbers are kept, in a compressed set that counts how many are below a given
//! one (Lemire and others, "Roaring Bitmaps: Implementation of an Optimized Software Library", 2018): about a
//! bit each. All else about somebody who waits is in the queue token.

use std::collections::{BTreeSet, HashMap};

use chrono::Duration;
use roaring::RoaringTreemap;

use super::{
    Occupancy, RoomContents, RoomEvent, RoomMark, RoomPolicy, RoomReading, Standing, Ticket, TicketNews,
    TicketState, admissions::Admissions, near_the_front,
};
use crate::time::Timestamp;

/// How old what is known may be where it lets somebody through.
pub const FRESH_FOR: Duration = Duration::milliseconds(250);

/// The room as an instance knows it.
#[derive(Clone, Debug)]
pub struct RoomView {
    mark: RoomMark,
    taken_at: Timestamp,
    policy: RoomPolicy,
    last_number: u64,
    waiting: RoaringTreemap,
    passed_over: RoaringTreemap,
    turns: HashMap<u64, Ticket>,
    /// When each turn runs out, soonest first.
    run_outs: BTreeSet<(Timestamp, u64)>,
    admissions: Admissions,
}

/// The room in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOverview {
    /// The policy in force.
    pub policy: RoomPolicy,
    /// How many wait, those who were passed over included.
    pub waiting: u64,
    /// How many of them were passed over.
    pub passed_over: u64,
    /// How many turns are live.
    pub active: u64,
    /// The last number handed out.
    pub issued: u64,
    /// Admissions within the last [`super::MEASURED_FOR`].
    pub admitted_lately: u64,
    /// How old this knowledge is.
    pub age: Duration,
}

impl RoomView {
    /// The view that a reading of the whole room gives; one of changes alone is taken for an empty room in
    /// which they have happened.
    #[must_use]
    pub fn of(reading: RoomReading) -> Self {
        let mut view = Self {
            mark: reading.mark.clone(),
            taken_at: reading.taken_at,
            policy: reading.policy,
            last_number: 0,
            waiting: RoaringTreemap::new(),
            passed_over: RoaringTreemap::new(),
            turns: HashMap::new(),
            run_outs: BTreeSet::new(),
            admissions: Admissions::default(),
        };
        view.take_in(reading);
        view
    }

    /// From where the next reading goes on.
    #[must_use]
    pub const fn mark(&self) -> &RoomMark {
        &self.mark
    }

    /// How old what is known is at `now`.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        (now - self.taken_at).max(Duration::zero())
    }

    /// Takes in what a store has told, and tells what has happened since the last time. A reading of the whole
    /// room tells of nothing that has happened.
    pub fn take_in(&mut self, reading: RoomReading) -> Vec<RoomEvent> {
        let joined = reading.last_number.saturating_sub(self.last_number);
        let newcomers = self.last_number + 1..=reading.last_number;
        self.mark = reading.mark;
        self.taken_at = reading.taken_at;
        self.policy = reading.policy;
        self.last_number = reading.last_number;
        let mut events = Vec::new();
        match reading.contents {
            RoomContents::Whole { waiting, passed_over, turns, admitted_at } => {
                self.waiting = waiting.into_iter().collect();
                self.passed_over = passed_over.into_iter().collect();
                self.turns.clear();
                self.run_outs.clear();
                self.admissions = Admissions::default();
                for instant in admitted_at {
                    self.admissions.note(instant);
                }
                for ticket in turns {
                    self.put_turn(ticket);
                }
            }
            RoomContents::Changed(news) => {
                if joined > 0 {
                    self.waiting.insert_range(newcomers);
                    events.push(RoomEvent::Joined(joined));
                }
                events.extend(news.into_iter().flat_map(|news| self.take_in_ticket(news)));
            }
        }
        self.admissions.forget_before(self.taken_at);
        events
    }

    fn take_in_ticket(&mut self, news: TicketNews) -> Vec<RoomEvent> {
        let TicketNews { ticket, passed_over, admitted_at } = news;
        let number = ticket.number;
        let was_waiting = self.waiting.contains(number);
        let mut events = Vec::new();
        if was_waiting && let Some(admitted_at) = admitted_at {
            self.admissions.note(admitted_at);
            events.push(RoomEvent::Admitted { number, waited: admitted_at - ticket.issued_at });
        }
        match ticket.state {
            TicketState::Waiting => {
                self.waiting.insert(number);
                if passed_over && self.passed_over.insert(number) {
                    events.push(RoomEvent::PassedOver { number });
                } else if !passed_over && self.passed_over.remove(number) {
                    events.push(RoomEvent::CameBack { number });
                }
            }
            TicketState::Active { .. } => {
                self.take_from_queue(number);
                self.put_turn(ticket);
                if !was_waiting {
                    events.push(RoomEvent::TurnChanged { number });
                }
            }
            TicketState::Ended { reason } => {
                let was_inside = self.take_turn(number);
                if self.take_from_queue(number) || was_inside {
                    events.push(RoomEvent::Ended { number, reason });
                }
            }
        }
        events
    }

    /// Takes in what the store has just told of a turn that this view knows, ahead of the next reading. One that
    /// it does not know may have ended since it was told: only a reading can say.
    pub fn renew_turn(&mut self, ticket: Ticket) {
        let known = self.turns.get(&ticket.number).filter(|turn| turn.id == ticket.id);
        // An answer that was long on its way does not take a claim back.
        if known.is_some_and(|turn| turn.is_unclaimed() || !ticket.is_unclaimed()) {
            self.put_turn(ticket);
        }
    }

    fn put_turn(&mut self, ticket: Ticket) {
        let TicketState::Active { expires_at, .. } = ticket.state else { return };
        let number = ticket.number;
        self.take_turn(number);
        self.run_outs.insert((expires_at, number));
        self.turns.insert(number, ticket);
    }

    fn take_turn(&mut self, number: u64) -> bool {
        let Some(Ticket { state: TicketState::Active { expires_at, .. }, .. }) = self.turns.remove(&number)
        else {
            return false;
        };
        self.run_outs.remove(&(expires_at, number))
    }

    fn take_from_queue(&mut self, number: u64) -> bool {
        self.passed_over.remove(number);
        self.waiting.remove(number)
    }

    /// Where a ticket stands, if this view knows it: one that waits is given as it was issued.
    #[must_use]
    pub fn place(&self, issued: &Ticket, now: Timestamp) -> Option<Standing> {
        let number = issued.number;
        if self.waiting.contains(number) {
            let ahead = self.waiting.rank(number) - 1;
            let gone_ahead = self.passed_over.rank(number) - u64::from(self.passed_over.contains(number));
            return Some(self.standing(*issued, ahead, ahead - gone_ahead, now));
        }
        let turn = self.turns.get(&number).filter(|turn| turn.id == issued.id)?;
        Some(self.standing(*turn, 0, 0, now))
    }

    /// Where a ticket stands that is known from elsewhere to wait, though not to this view: behind everybody.
    #[must_use]
    pub fn behind_everybody(&self, ticket: Ticket, now: Timestamp) -> Standing {
        let ahead = self.waiting.len();
        let standing = self.standing(ticket, ahead, ahead - self.passed_over.len(), now);
        Standing { waiting: ahead + 1, ..standing }
    }

    /// A ticket that does not wait: nobody is ahead of it.
    #[must_use]
    pub fn outside_the_queue(&self, ticket: Ticket, now: Timestamp) -> Standing {
        self.standing(ticket, 0, 0, now)
    }

    fn standing(&self, ticket: Ticket, ahead: u64, there_ahead: u64, now: Timestamp) -> Standing {
        Standing {
            ticket,
            ahead,
            there_ahead,
            waiting: self.waiting.len(),
            admitted_lately: self.admissions.count(),
            claim: self.policy.claim,
            age: self.age(now),
        }
    }

    /// Up to which number those who wait are near the front.
    #[must_use]
    pub fn near_up_to(&self) -> u64 {
        // Those who were passed over stand in front of them, and take none of their places.
        let near = near_the_front(self.admissions.count()) + self.passed_over.len();
        self.waiting.select(near).unwrap_or(self.last_number)
    }

    /// The numbers of those who wait up to this one, and were not passed over.
    pub fn there_up_to(&self, number: u64) -> impl Iterator<Item = u64> + '_ {
        self.waiting
            .iter()
            .take_while(move |waiting| *waiting <= number)
            .filter(|waiting| !self.passed_over.contains(*waiting))
    }

    /// Whether this number waits and was passed over.
    #[must_use]
    pub fn is_passed_over(&self, number: u64) -> bool {
        self.passed_over.contains(number)
    }

    /// Whether nobody waits with a number of this range. Of numbers that are not handed out yet nobody can say.
    #[must_use]
    pub fn nobody_waits_within(&self, numbers: std::ops::RangeInclusive<u64>) -> bool {
        *numbers.end() <= self.last_number
            && self.waiting.rank(*numbers.end()) == self.waiting.rank(numbers.start().saturating_sub(1))
    }

    /// Whether somebody who waits might be admitted at `now`. With a bound over an interval only the store can
    /// tell.
    #[must_use]
    pub fn may_admit(&self, now: Timestamp) -> bool {
        let somebody_is_there = self.waiting.len() > self.passed_over.len();
        let occupancy = Occupancy { active: self.active(now), admitted_within_interval: 0 };
        somebody_is_there && self.policy.admissible(occupancy) > 0
    }

    fn active(&self, now: Timestamp) -> u64 {
        let run_out = self.run_outs.iter().take_while(|(expires_at, _)| *expires_at <= now).count();
        u64::try_from(self.turns.len() - run_out).unwrap_or(u64::MAX)
    }

    /// The room in numbers.
    #[must_use]
    pub fn overview(&self, now: Timestamp) -> RoomOverview {
        RoomOverview {
            policy: self.policy,
            waiting: self.waiting.len(),
            passed_over: self.passed_over.len(),
            active: self.active(now),
            issued: self.last_number,
            admitted_lately: self.admissions.count(),
            age: self.age(now),
        }
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
