//! Histories written by hand.

use encore_tests::history::{
    checker::check,
    events::{Change, Moment, Policy, Reason, RoomState, Status, Strategy, Ticket},
    violation::Kind,
};
use uuid::Uuid;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const POLICY: Policy = Policy {
    strategy: Strategy::MaxActive,
    state: RoomState::Open,
    max_active: 2,
    admit_count: 1,
    interval_seconds: 10,
    claim_seconds: 60,
};
/// How long a turn of these histories lasts.
pub(super) const SESSION: i64 = 600 * SECOND;

/// A history under construction. Moments are a second apart; what the database counts follows from the changes
/// unless a test says otherwise.
pub(super) struct Story {
    pub(super) policy: Policy,
    pub(super) now: i64,
    pub(super) tickets: Vec<(Uuid, Ticket)>,
    pub(super) moments: Vec<Moment>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self::under(POLICY)
    }

    pub(super) fn under(policy: Policy) -> Self {
        Self { policy, now: 0, tickets: vec![], moments: vec![] }
    }

    /// Commits a change of some tickets.
    pub(super) fn commit(&mut self, change: impl FnOnce(&mut Self) -> Vec<Change>) -> &mut Self {
        self.now += SECOND;
        let changes = change(self);
        let is_live = |ticket: &Ticket| {
            ticket.status == Status::Active && ticket.expires_at.is_some_and(|end| end > self.now)
        };
        let live = self.tickets.iter().filter(|(_, ticket)| is_live(ticket)).count();
        let place = u64::try_from(self.moments.len()).unwrap() + 1;
        let (at, live, policy) = (self.now, u64::try_from(live).unwrap(), self.policy);
        self.moments.push(Moment { place, at, live, policy, changes });
        self
    }

    /// Whoever has a number, as it is after a change.
    pub(super) fn changed(&mut self, number: u64, change: impl FnOnce(&mut Ticket)) -> Change {
        let found = self.tickets.iter_mut().rfind(|(_, ticket)| ticket.number == number);
        let (id, ticket) = found.expect("the number was issued");
        change(ticket);
        Change::Ticket { id: *id, after: Some(ticket.clone()) }
    }

    pub(super) fn change(&mut self, number: u64, change: impl FnOnce(&mut Ticket)) -> &mut Self {
        self.commit(|story| vec![story.changed(number, change)])
    }

    pub(super) fn issue_to(&mut self, user: Uuid, number: u64) -> &mut Self {
        let id = Uuid::from_u128(1_000 + u128::try_from(self.tickets.len()).unwrap());
        let ticket = Ticket {
            user,
            number,
            status: Status::Waiting,
            reason: None,
            admitted_at: None,
            expires_at: None,
            claimed_at: None,
            passed_over: false,
        };
        self.commit(|story| {
            story.tickets.push((id, ticket.clone()));
            vec![Change::Ticket { id, after: Some(ticket) }]
        })
    }

    pub(super) fn issue(&mut self, number: u64) -> &mut Self {
        self.issue_to(user(number), number)
    }

    pub(super) fn admit(&mut self, numbers: &[u64]) -> &mut Self {
        self.commit(|story| {
            let now = story.now;
            numbers.iter().map(|number| story.changed(*number, |ticket| admitted(ticket, now))).collect()
        })
    }

    pub(super) fn end(&mut self, number: u64, reason: Reason) -> &mut Self {
        self.change(number, |ticket| ended(ticket, reason))
    }

    pub(super) fn pass_over(&mut self, number: u64) -> &mut Self {
        self.change(number, |ticket| ticket.passed_over = true)
    }

    pub(super) fn claim(&mut self, number: u64) -> &mut Self {
        let now = self.now + SECOND;
        self.change(number, |ticket| ticket.claimed_at = Some(now))
    }

    pub(super) fn pay(&mut self, number: u64) -> &mut Self {
        self.commit(|story| {
            vec![
                Change::Payment { user: user(number) },
                story.changed(number, |ticket| ended(ticket, Reason::Paid)),
            ]
        })
    }

    pub(super) fn kinds(&self) -> Vec<Kind> {
        check(&self.moments).into_iter().map(|violation| violation.kind).collect()
    }

    #[track_caller]
    pub(super) fn passes(&self) {
        assert_eq!(check(&self.moments), [], "{:#?}", self.moments);
    }

    #[track_caller]
    pub(super) fn is_found_out(&self, kind: Kind) {
        assert_eq!(self.kinds(), [kind], "{:#?}", self.moments);
    }
}

pub(super) fn user(number: u64) -> Uuid {
    Uuid::from_u128(number.into())
}

pub(super) fn admitted(ticket: &mut Ticket, now: i64) {
    ticket.status = Status::Active;
    ticket.passed_over = false;
    (ticket.admitted_at, ticket.expires_at) = (Some(now), Some(now + SESSION));
}

pub(super) fn ended(ticket: &mut Ticket, reason: Reason) {
    ticket.status = Status::Ended;
    ticket.reason = Some(reason);
}
