//! Judges a history: replays it commit by commit, and says what must not have happened.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::{
    events::{Change, Instant, Moment, Reason, RoomState, Status, Ticket},
    violation::{Kind, Violation},
};

/// How finely the coarser of the recorders' clocks tells instants apart.
pub(super) const CLOCK_GRAIN: i64 = 1_000;

/// What in a history must not have happened; nothing, if every promise was kept.
pub fn check(history: &[Moment]) -> Vec<Violation> {
    let mut replay = Replay::default();
    for moment in history {
        replay.step(moment);
    }
    replay.check_gaps();
    replay.violations
}

/// How many tickets have which status at a history's end.
pub fn statuses_at_the_end(history: &[Moment]) -> HashMap<Status, usize> {
    let mut last = HashMap::new();
    for change in history.iter().flat_map(|moment| &moment.changes) {
        if let Change::Ticket { id, after: Some(ticket) } = change {
            last.insert(id, ticket.status);
        }
    }
    let mut counts = HashMap::new();
    for status in last.into_values() {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// The room as the history tells it, up to the moment that is being judged.
#[derive(Default)]
struct Replay {
    tickets: HashMap<Uuid, Ticket>,
    live_ticket_of: HashMap<Uuid, Uuid>,
    /// Who waits and is present, by number.
    present: BTreeSet<(u64, Uuid)>,
    /// The turns that have not run out yet, by their end.
    turns: BTreeSet<(Instant, Uuid)>,
    numbers: HashSet<u64>,
    highest_number: u64,
    /// The instants of all admissions, in their order.
    admissions: Vec<Instant>,
    last_admitting_commit: Option<Instant>,
    violations: Vec<Violation>,
}

/// What a moment's changes come to.
#[derive(Default)]
struct Outcome<'a> {
    admitted: Vec<&'a Ticket>,
    paid_turns: Vec<Uuid>,
    payments: Vec<Uuid>,
}

impl Replay {
    fn step(&mut self, moment: &Moment) {
        self.forget_run_out_turns(moment.at);
        let live_before = self.turns.len();
        let mut outcome = Outcome::default();
        for change in &moment.changes {
            match change {
                Change::Ticket { id, after: Some(after) } => self.change(moment, *id, after, &mut outcome),
                Change::Ticket { id, after: None } => {
                    self.find(moment, Kind::ImpossibleStep, format!("ticket {id} was deleted"));
                }
                Change::Payment { user } => outcome.payments.push(*user),
                Change::Policy => {}
            }
        }
        self.forget_run_out_turns(moment.at);
        self.check_count(moment, live_before, &outcome);
        self.check_admissions(moment, &outcome);
        self.check_payments(moment, outcome);
    }

    fn find(&mut self, moment: &Moment, kind: Kind, what: impl AsRef<str>) {
        let story = format!("moment {} at {}: {}", moment.place, moment.at, what.as_ref());
        self.violations.push(Violation::new(kind, story));
    }

    fn forget_run_out_turns(&mut self, now: Instant) {
        while let Some(turn) = self.turns.first().copied().filter(|(end, _)| *end <= now) {
            self.turns.remove(&turn);
        }
    }

    fn change<'a>(&mut self, moment: &Moment, id: Uuid, after: &'a Ticket, outcome: &mut Outcome<'a>) {
        let before = self.tickets.insert(id, after.clone());
        match &before {
            None => self.check_issue(moment, after),
            Some(before) => self.check_step(moment, before, after),
        }
        self.check_lives(moment, id, after);
        if let Some(before) = &before {
            self.present.remove(&(before.number, id));
            self.turns.remove(&(before.expires_at.unwrap_or_default(), id));
        }
        if after.status == Status::Waiting && !after.passed_over {
            self.present.insert((after.number, id));
        }
        if after.status == Status::Active {
            self.turns.insert((after.expires_at.unwrap_or_default(), id));
        }
        let was = before.map(|before| before.status);
        if after.status == Status::Active && was != Some(Status::Active) {
            outcome.admitted.push(after);
        }
        if after.reason == Some(Reason::Paid) && was != Some(Status::Ended) {
            outcome.paid_turns.push(after.user);
        }
    }

    fn check_issue(&mut self, moment: &Moment, ticket: &Ticket) {
        let number = ticket.number;
        if !self.numbers.insert(number) {
            self.find(moment, Kind::Repeat, format!("number {number} was handed out once more"));
        } else if number < self.highest_number {
            let story = format!("number {number} was handed out after {}", self.highest_number);
            self.find(moment, Kind::IssuedOutOfOrder, story);
        }
        self.highest_number = self.highest_number.max(number);
        if moment.policy.state != RoomState::Open {
            let story = format!("number {number} was handed out while {:?}", moment.policy.state);
            self.find(moment, Kind::IssuedWhileClosed, story);
        }
        if ticket.status == Status::Ended {
            self.find(moment, Kind::ImpossibleStep, format!("number {number} began as ended"));
        }
    }

    fn check_step(&mut self, moment: &Moment, before: &Ticket, after: &Ticket) {
        let same_place = (before.user, before.number) == (after.user, after.number);
        let follows = match (before.status, after.status) {
            (Status::Waiting, Status::Waiting | Status::Active) | (Status::Active, Status::Ended) => true,
            (Status::Waiting, Status::Ended) => after.reason == Some(Reason::Left),
            (Status::Active, Status::Active) => before.admitted_at == after.admitted_at,
            (Status::Active, Status::Waiting) | (Status::Ended, _) => false,
        };
        if !(same_place && follows) {
            self.find(moment, Kind::ImpossibleStep, format!("{before:?} became {after:?}"));
        }
        if before.status == Status::Active && after.status == Status::Ended {
            self.check_end(moment, before, after);
        }
    }

    fn check_end(&mut self, moment: &Moment, before: &Ticket, after: &Ticket) {
        let number = after.number;
        let claimed = after.claimed_at.or(before.claimed_at).is_some();
        let for_want_of_time = matches!(after.reason, Some(Reason::TimedOut | Reason::NoShow));
        if for_want_of_time && before.expires_at.is_some_and(|end| end > moment.at + CLOCK_GRAIN) {
            let story = format!("number {number} ended as {:?} before {:?}", after.reason, before.expires_at);
            self.find(moment, Kind::CutShort, story);
        }
        if after.reason == Some(Reason::NoShow) && claimed {
            self.find(moment, Kind::NoShowWasThere, format!("number {number} had claimed its turn"));
        }
        if after.reason == Some(Reason::TimedOut) && !claimed {
            self.find(moment, Kind::NoShowWasNot, format!("number {number} timed out unclaimed"));
        }
    }

    fn check_lives(&mut self, moment: &Moment, id: Uuid, after: &Ticket) {
        if after.status == Status::Ended {
            if self.live_ticket_of.get(&after.user) == Some(&id) {
                self.live_ticket_of.remove(&after.user);
            }
            return;
        }
        let other = self.live_ticket_of.insert(after.user, id);
        if other.is_some_and(|other| other != id) {
            let story = format!("user {} has number {} beside another", after.user, after.number);
            self.find(moment, Kind::TwoLives, story);
        }
    }

    fn check_count(&mut self, moment: &Moment, live_before: usize, outcome: &Outcome) {
        let live = self.turns.len();
        if u64::try_from(live) != Ok(moment.live) {
            let story = format!("{live} turns are live by the history, {} by the database", moment.live);
            self.find(moment, Kind::Miscounted, story);
        }
        let added_to = live > live_before || !outcome.admitted.is_empty();
        if let Some(cap) = moment.policy.cap().filter(|cap| added_to && moment.live > *cap) {
            let numbers = numbers_of(&outcome.admitted);
            let story = format!("{} turns are live, at most {cap} may be; admitted {numbers}", moment.live);
            self.find(moment, Kind::AboveCap, story);
        }
    }

    fn check_admissions(&mut self, moment: &Moment, outcome: &Outcome) {
        let Some(last) = outcome.admitted.iter().max_by_key(|ticket| ticket.number) else { return };
        if let Some((in_front, _)) = self.present.first().copied().filter(|(first, _)| *first < last.number) {
            let story = format!("number {} was admitted while {in_front} waited in front", last.number);
            self.find(moment, Kind::Inversion, story);
        }
        if moment.policy.state == RoomState::Paused {
            let story = format!("admitted {}", numbers_of(&outcome.admitted));
            self.find(moment, Kind::AdmittedWhilePaused, story);
        }
        self.check_instants(moment, outcome);
        self.check_rate(moment, outcome);
        self.last_admitting_commit = Some(moment.at);
    }

    /// Whether the admissions' own instants can be trusted: whoever admits reads the clock after the
    /// admission before has been committed.
    fn check_instants(&mut self, moment: &Moment, outcome: &Outcome) {
        let earliest = self.last_admitting_commit.unwrap_or(Instant::MIN);
        for ticket in &outcome.admitted {
            let at = ticket.admitted_at.unwrap_or_default();
            if at < earliest || at > moment.at + CLOCK_GRAIN {
                let story = format!(
                    "number {} says it was admitted at {at}; the commit before that admitted was at {earliest}",
                    ticket.number
                );
                self.find(moment, Kind::AdmittedOutOfTime, story);
            }
        }
    }

    fn check_rate(&mut self, moment: &Moment, outcome: &Outcome) {
        self.admissions.extend(outcome.admitted.iter().filter_map(|ticket| ticket.admitted_at));
        let Some((most, interval)) = moment.policy.rate() else { return };
        let Some(end) = self.admissions.last().copied() else { return };
        let earlier = self.admissions.partition_point(|at| *at <= end - interval);
        let within = self.admissions.len() - earlier;
        if u64::try_from(within).is_ok_and(|within| within > most) {
            let story =
                format!("{within} were admitted within {interval} microseconds, at most {most} may be");
            self.find(moment, Kind::AboveRate, story);
        }
    }

    fn check_payments(&mut self, moment: &Moment, outcome: Outcome) {
        let Outcome { mut paid_turns, mut payments, .. } = outcome;
        paid_turns.sort_unstable();
        payments.sort_unstable();
        if paid_turns != payments {
            let story = format!("the turns of {paid_turns:?} ended as paid, {payments:?} paid");
            self.find(moment, Kind::PaidWithoutPayment, story);
        }
    }

    fn check_gaps(&mut self) {
        let missing: Vec<u64> = (1..=self.highest_number).filter(|n| !self.numbers.contains(n)).collect();
        let stories = missing.iter().map(|number| {
            let story = format!("nobody has number {number}, although {} was reached", self.highest_number);
            Violation::new(Kind::Gap, story)
        });
        self.violations.extend(stories);
    }
}

fn numbers_of(tickets: &[&Ticket]) -> String {
    let numbers: Vec<_> = tickets.iter().map(|ticket| ticket.number.to_string()).collect();
    format!("[{}]", numbers.join(", "))
}
