//! Places in the waiting room: their order, and that none is lost.

use std::collections::HashMap;

use super::{
    case::Case,
    violation::{Found, Rule, find},
};
use crate::history::{Ask, Call, FanNumber, Moment, Told};

pub(super) fn judge(case: &Case, found: &mut Found) {
    judge_numbers(case, found);
    judge_order(case, found);
    judge_owners(case, found);
    for (moment, live) in &case.history.samples {
        if *live > case.history.rules.max_active {
            find(found, Rule::AboveTheCap, format!("{live} at {moment}"));
        }
    }
}

fn judge_numbers(case: &Case, found: &mut Found) {
    let rows = &case.state.tickets;
    if let Some((row, number)) = rows.iter().zip(1..).find(|(row, number)| row.number != *number) {
        find(found, Rule::GapInTheNumbers, format!("the {number}th is {row:?}"));
    }
    if case.state.last_number != rows.len() as u64 {
        let words = format!("{} were handed out, there are {}", case.state.last_number, rows.len());
        find(found, Rule::GapInTheNumbers, words);
    }
}

/// Joins that gave a new place, with the place.
fn new_places<'a>(case: &Case<'a>) -> impl Iterator<Item = (u64, &'a Call)> + use<'a> {
    case.history.calls.iter().filter_map(|call| match (&call.ask, &call.told) {
        (Ask::Join, Told::Ticket { number, is_new: true, .. }) => Some((*number, call)),
        _ => None,
    })
}

/// Of two joins that did not overlap in time, the later one has the higher number.
fn judge_order(case: &Case, found: &mut Found) {
    let mut joins: Vec<_> = new_places(case).collect();
    joins.sort_by_key(|(number, _)| *number);
    let mut latest: Option<(u64, &Call)> = None;
    for (number, call) in joins {
        if let Some((lower, other)) = latest {
            if lower == number {
                find(found, Rule::GapInTheNumbers, format!("{number} is new twice: {other:?} and {call:?}"));
            } else if call.ended < other.began {
                find(found, Rule::NumbersOutOfOrder, format!("{other:?} and {call:?}"));
            }
        }
        if latest.is_none_or(|(_, other)| other.began <= call.began) {
            latest = Some((number, call));
        }
    }
}

fn judge_owners(case: &Case, found: &mut Found) {
    let mut told: HashMap<u64, FanNumber> = HashMap::new();
    let mut asked: HashMap<FanNumber, (u64, u64)> = HashMap::new();
    for call in &case.history.calls {
        if let Told::Ticket { number, is_new, .. } = call.told {
            told.insert(number, call.fan);
            asked.entry(call.fan).or_default().0 += u64::from(is_new);
            let row = usize::try_from(number - 1).ok().and_then(|place| case.state.tickets.get(place));
            if row.is_none_or(|row| case.fan_of.get(&row.user) != Some(&call.fan)) {
                find(found, Rule::LostTicket, format!("{call:?}, {row:?}"));
            }
        } else if call.ask == Ask::Join && call.is_open() {
            asked.entry(call.fan).or_default().1 += 1;
        }
    }
    let mut tickets: HashMap<FanNumber, u64> = HashMap::new();
    for row in &case.state.tickets {
        match case.fan_of.get(&row.user) {
            Some(fan) => *tickets.entry(*fan).or_default() += 1,
            None => find(found, Rule::UnaskedTicket, format!("{row:?}")),
        }
    }
    for (fan, count) in tickets {
        let (new, open) = asked.get(&fan).copied().unwrap_or_default();
        if count > new + open {
            let words = format!("{count} of fan {fan}, who was given {new} and may have been given {open}");
            find(found, Rule::UnaskedTicket, words);
        }
    }
}

/// Before which moment a ticket was not issued, as far as is known.
pub(super) fn not_issued_before(case: &Case) -> HashMap<u64, Moment> {
    new_places(case).map(|(number, call)| (number, call.began)).collect()
}
