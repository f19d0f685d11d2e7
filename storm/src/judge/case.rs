//! A case: what everybody saw and what is there at the end, put together.

use std::collections::{HashMap, VecDeque};

use super::{
    efforts::{Effort, efforts, result_of},
    story::{Change, Story},
    violation::{Found, Rule, find},
};
use crate::{
    history::{Ask, Call, Code, FanNumber, History, Id, NEVER, ScheduleNumber, SeatSet, Status, Told},
    store::{PaymentRow, ReservationRow, State},
};

/// A case.
pub(super) struct Case<'a> {
    pub(super) history: &'a History,
    pub(super) state: &'a State,
    pub(super) fan_of: HashMap<Id, FanNumber>,
    pub(super) efforts: Vec<Effort<'a>>,
    pub(super) stories: HashMap<Id, Story>,
    pub(super) payments: HashMap<Id, &'a PaymentRow>,
    /// By payment.
    pub(super) refunds: HashMap<Id, Change>,
}

impl<'a> Case<'a> {
    /// Puts a case together. What does not fit together is a violation.
    pub(super) fn open(history: &'a History, state: &'a State, found: &mut Found) -> Self {
        let fan_of = history.fans.iter().copied().zip(0..).collect();
        let efforts = efforts(history);
        let refunds = refunds(history);
        let payments = state.payments.iter().map(|payment| (payment.id, payment)).collect();
        let mut case = Self { history, state, fan_of, efforts, stories: HashMap::new(), payments, refunds };
        case.stories = case.tell_stories(found);
        case
    }

    /// The story of a reservation of somebody's own.
    pub(super) fn own_story(&self, fan: FanNumber, reservation: Id) -> Option<&Story> {
        self.stories.get(&reservation).filter(|story| story.owner == fan)
    }

    /// What was done to a reservation, call by call, for whoever looks into a violation.
    pub(super) fn trail(&self, reservation: Id) -> String {
        let story = self.stories.get(&reservation);
        let is_about = |call: &&Call| match call.ask {
            Ask::Hold { .. } => result_of(call) == Some(reservation),
            Ask::Cancel { reservation: other } | Ask::Pay { reservation: other, .. } => other == reservation,
            Ask::Refund { payment } => story.is_some_and(|story| story.payment == Some(payment)),
            _ => false,
        };
        let mut calls: Vec<_> = self.history.calls.iter().filter(is_about).collect();
        calls.sort_by_key(|call| call.began);
        let calls: Vec<_> = calls.iter().map(|call| format!("        {call:?}")).collect();
        format!("{story:?}\n{}", calls.join("\n"))
    }

    fn tell_stories(&self, found: &mut Found) -> HashMap<Id, Story> {
        let schedules: HashMap<Id, ScheduleNumber> =
            self.history.schedules.iter().copied().zip(0..).collect();
        let mut holds = Holds::among(&self.efforts, found);
        let paid = self.paid();
        let cancelled = self.cancelled();
        let payments: HashMap<Id, &PaymentRow> =
            self.state.payments.iter().map(|payment| (payment.reservation, payment)).collect();
        let mut stories = HashMap::new();
        for row in &self.state.reservations {
            let (Some(owner), Some(schedule)) = (self.fan_of.get(&row.user), schedules.get(&row.schedule))
            else {
                find(found, Rule::UnaskedHold, format!("{row:?}"));
                continue;
            };
            let Some(held) = holds.take(row, *owner, *schedule, self.history) else {
                find(found, Rule::UnaskedHold, format!("{row:?}"));
                continue;
            };
            let payment = payments.get(&row.id);
            let is_refunded = payment.is_some_and(|payment| payment.refunded);
            let story = Story {
                id: row.id,
                owner: *owner,
                schedule: *schedule,
                seats: row.seats,
                price: row.price,
                held,
                expires: self.history.clock.moment_of(row.expires_at),
                payment: payment.map(|payment| payment.id),
                paid: paid.get(&(*owner, row.id)).copied().unwrap_or(Change::NONE),
                is_cancelled: row.status == Status::Cancelled && !is_refunded,
                cancelled: cancelled.get(&(*owner, row.id)).copied().unwrap_or(Change::NONE),
                is_refunded,
                refunded: payment
                    .and_then(|payment| self.refunds.get(&payment.id).copied())
                    .unwrap_or(Change::NONE),
                slack: self.history.rules.slack,
            };
            stories.insert(row.id, story);
        }
        for (lost, effort) in holds.told {
            find(found, Rule::LostHold, format!("{lost:x}: {:?}", effort.calls));
        }
        stories
    }

    /// When which hold was paid, if it was.
    fn paid(&self) -> HashMap<(FanNumber, Id), Change> {
        let mut paid: HashMap<_, Change> = HashMap::new();
        for effort in self.efforts.iter().filter(|effort| effort.is_possible()) {
            if let Ask::Pay { reservation, .. } = effort.ask {
                let change = paid.entry((effort.fan, reservation)).or_insert(Change::NONE);
                *change = change.or(Change { asked: effort.asked, known: effort.known });
            }
        }
        for call in &self.history.calls {
            if let (Ask::Pay { reservation, .. }, Some(Code::AlreadyPaid)) = (call.ask, call.told.code()) {
                let change = paid.entry((call.fan, reservation)).or_insert(Change::NONE);
                *change = change.or(Change { asked: NEVER, known: call.ended });
            }
        }
        paid
    }

    /// When which hold was given up, if it was.
    fn cancelled(&self) -> HashMap<(FanNumber, Id), Change> {
        let mut cancelled: HashMap<_, Change> = HashMap::new();
        for call in &self.history.calls {
            let Ask::Cancel { reservation } = call.ask else { continue };
            let is_told = matches!(call.told, Told::Reservation(_));
            if is_told || call.is_open() {
                let known = if is_told { call.ended } else { NEVER };
                let change = cancelled.entry((call.fan, reservation)).or_insert(Change::NONE);
                *change = change.or(Change { asked: call.began, known });
            }
        }
        cancelled
    }
}

/// When which payment was refunded, if it was.
fn refunds(history: &History) -> HashMap<Id, Change> {
    let mut refunds: HashMap<_, Change> = HashMap::new();
    for call in &history.calls {
        let Ask::Refund { payment } = call.ask else { continue };
        let asked = if matches!(call.told, Told::Paid { .. }) || call.is_open() { call.began } else { NEVER };
        let is_known =
            matches!(call.told, Told::Paid { .. }) || call.told.code() == Some(Code::AlreadyRefunded);
        let known = if is_known { call.ended } else { NEVER };
        let change = refunds.entry(payment).or_insert(Change::NONE);
        *change = change.or(Change { asked, known });
    }
    refunds
}

/// Efforts to hold seats, of which rows may have come.
struct Holds<'a, 'b> {
    told: HashMap<Id, &'b Effort<'a>>,
    open: HashMap<(FanNumber, ScheduleNumber, SeatSet), VecDeque<&'b Effort<'a>>>,
}

impl<'a, 'b> Holds<'a, 'b> {
    fn among(efforts: &'b [Effort<'a>], found: &mut Found) -> Self {
        let (mut told, mut open) = (HashMap::new(), HashMap::<_, VecDeque<_>>::new());
        for effort in efforts.iter().filter(|effort| effort.is_possible()) {
            let Ask::Hold { schedule, seats } = effort.ask else { continue };
            match effort.result() {
                Some(id) => {
                    if let Some(other) = told.insert(id, effort) {
                        let words = format!("{id:x} came of {:?} and {:?}", other.calls, effort.calls);
                        find(found, Rule::UnaskedHold, words);
                    }
                }
                None => open.entry((effort.fan, schedule, seats)).or_default().push_back(effort),
            }
        }
        Self { told, open }
    }

    /// When a row was made by what was asked; none if nobody has asked for it.
    fn take(
        &mut self,
        row: &ReservationRow,
        owner: FanNumber,
        schedule: ScheduleNumber,
        history: &History,
    ) -> Option<Change> {
        if let Some(effort) = self.told.remove(&row.id) {
            let is_owners = effort.fan == owner;
            return is_owners.then_some(Change { asked: effort.asked, known: effort.known });
        }
        let (reserved, slack) = (history.clock.moment_of(row.reserved_at), history.rules.slack);
        let open = self.open.get_mut(&(owner, schedule, row.seats))?;
        let place = open.iter().position(|effort| effort.asked <= reserved + slack)?;
        let effort = open.remove(place)?;
        // Several may have asked for the same: this row is not from before its own time.
        Some(Change { asked: effort.asked.max(reserved - slack), known: NEVER })
    }
}
