//! Holds: all of their seats or none, for their time, within the limit; and what reservations were shown as.

use std::collections::HashMap;

use super::{
    case::Case,
    story::Story,
    violation::{Found, Rule, find},
};
use crate::history::{Ask, Call, Code, FanNumber, Moment, ScheduleNumber, SeenReservation, Status, Told};

pub(super) fn judge(case: &Case, found: &mut Found) {
    let mut by_owner: HashMap<(FanNumber, ScheduleNumber), Vec<&Story>> = HashMap::new();
    for story in case.stories.values() {
        by_owner.entry((story.owner, story.schedule)).or_default().push(story);
    }
    for stories in by_owner.values_mut() {
        stories.sort_by_key(|story| story.held.asked);
        judge_the_limit(case, stories, found);
    }
    let mut cancelled = HashMap::new();
    for call in &case.history.calls {
        judge_what_was_shown(case, call, found);
        match (&call.ask, &call.told) {
            (Ask::Hold { schedule, seats }, Told::Reservation(seen)) => {
                let is_whole = (seen.schedule, seen.seats) == (*schedule, *seats);
                let is_stored = case.stories.get(&seen.id).is_none_or(|story| story.seats == *seats);
                if !is_whole || !is_stored {
                    find(found, Rule::NotAllOrNone, format!("{call:?}, {:?}", case.stories.get(&seen.id)));
                }
                judge_the_time(case, call, seen, found);
            }
            (Ask::Hold { schedule, seats }, Told::Refused { code: Code::SeatLimitReached, .. }) => {
                let held =
                    by_owner.get(&(call.fan, *schedule)).map_or(0, |stories| maybe_held(stories, call));
                if held + seats.count() <= case.history.rules.seats_at_most {
                    find(found, Rule::LimitWithoutReason, format!("at most {held} were held: {call:?}"));
                }
            }
            (Ask::Cancel { reservation }, Told::Reservation(_)) => {
                if let Some(other) = cancelled.insert(*reservation, call) {
                    find(found, Rule::CancelledTwice, format!("{other:?} and {call:?}"));
                }
            }
            (Ask::Cancel { reservation }, Told::Refused { code: Code::NotCancellable, .. }) => {
                let story = case.stories.get(reservation);
                let over = [Status::Paid, Status::Cancelled, Status::Expired];
                let is_over = |story: &Story| over.iter().any(|status| may_be(story, *status, call));
                if !story.is_some_and(is_over) {
                    find(found, Rule::CancelRefusedWithoutReason, format!("{call:?}, {story:?}"));
                }
            }
            _ => {}
        }
    }
    judge_the_end(case, found);
}

fn may_be(story: &Story, status: Status, call: &Call) -> bool {
    story.may_be(status, call.began, call.ended)
}

/// The most seats that may have been held at one moment of a call, or a little more.
fn maybe_held(stories: &[&Story], call: &Call) -> u32 {
    let during = stories.iter().filter(|story| may_be(story, Status::Reserved, call));
    during.map(|story| story.seats.count()).sum()
}

/// What was surely held at any one moment is within the limit.
fn judge_the_limit(case: &Case, stories: &[&Story], found: &mut Found) {
    let mut steps: Vec<(Moment, i64)> = vec![];
    for story in stories {
        let (from, until) = story.surely_unpaid();
        if from < until {
            let count = i64::from(story.seats.count());
            steps.extend([(from, count), (until, -count)]);
        }
    }
    // What ends at a moment ends before what begins at it.
    steps.sort_unstable();
    let mut held = 0;
    for (moment, count) in steps {
        held += count;
        if held > i64::from(case.history.rules.seats_at_most) {
            let words = format!("{held} at {moment} by fan {}: {stories:?}", stories[0].owner);
            find(found, Rule::AboveTheSeatLimit, words);
            return;
        }
    }
}

fn judge_the_time(case: &Case, call: &Call, seen: &SeenReservation, found: &mut Found) {
    let rules = &case.history.rules;
    let Some(story) = case.stories.get(&seen.id) else { return };
    let (earliest, latest) =
        (story.held.asked + rules.hold - rules.slack, story.held.known + rules.hold + rules.slack);
    if seen.expires != story.expires || !(earliest..=latest).contains(&story.expires) {
        find(found, Rule::WrongHoldTime, format!("{call:?}, {story:?}"));
    }
}

fn judge_what_was_shown(case: &Case, call: &Call, found: &mut Found) {
    let shown: &[SeenReservation] = match (&call.ask, &call.told) {
        (Ask::Reservation { reservation } | Ask::Cancel { reservation }, Told::Reservation(seen)) => {
            if seen.id != *reservation {
                find(found, Rule::ImpossibleStatus, format!("another one: {call:?}"));
            }
            std::slice::from_ref(seen)
        }
        (Ask::Reservations, Told::Reservations(seen)) => seen,
        (
            Ask::Reservation { reservation } | Ask::Cancel { reservation } | Ask::Pay { reservation, .. },
            Told::Refused { code: Code::ReservationNotFound, .. },
        ) => {
            if let Some(story) = case.own_story(call.fan, *reservation)
                && story.held.known <= call.began
            {
                find(found, Rule::LostHold, format!("not found: {call:?}, {story:?}"));
            }
            return;
        }
        _ => return,
    };
    for seen in shown {
        let Some(story) = case.own_story(call.fan, seen.id) else {
            find(found, Rule::ImpossibleStatus, format!("{seen:?} is not {}'s: {call:?}", call.fan));
            continue;
        };
        let is_the_same = (seen.schedule, seen.seats, seen.price, seen.expires)
            == (story.schedule, story.seats, story.price, story.expires);
        if !is_the_same || !may_be(story, seen.status, call) {
            find(found, Rule::ImpossibleStatus, format!("{seen:?} of {story:?}: {call:?}"));
        }
    }
}

/// The status in the database follows from what was done.
fn judge_the_end(case: &Case, found: &mut Found) {
    for row in &case.state.reservations {
        let Some(story) = case.stories.get(&row.id) else { continue };
        let is_right = match row.status {
            Status::Paid => story.payment.is_some() && !story.is_refunded,
            Status::Cancelled => {
                story.is_refunded
                    || (story.payment.is_none() && story.cancelled.asked < story.expires + story.slack)
            }
            Status::Reserved | Status::Expired => {
                story.payment.is_none() && story.cancelled.known == crate::history::NEVER
            }
        };
        if !is_right {
            find(found, Rule::StatusAtTheEnd, format!("{row:?}, {story:?}"));
        }
    }
}
