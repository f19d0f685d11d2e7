//! Idempotency keys: one effect, one answer.

use std::collections::HashMap;

use super::{
    case::Case,
    efforts::{Effort, result_of, route_of},
    violation::{Found, Rule, find},
};
use crate::{
    history::{Call, Code, FanNumber, Id, Told},
    store::KeyRow,
};

pub(super) fn judge(case: &Case, found: &mut Found) {
    let mut by_key: HashMap<(FanNumber, u8, u32), Vec<&Effort>> = HashMap::new();
    for effort in &case.efforts {
        match (effort.calls[0].key, route_of(&effort.ask)) {
            (0, _) | (_, None) => judge_unnamed(effort, found),
            (key, Some(route)) => by_key.entry((effort.fan, route, key)).or_default().push(effort),
        }
    }
    let stored: HashMap<(Id, &str), &KeyRow> =
        case.state.keys.iter().map(|row| ((row.user, row.key.as_str()), row)).collect();
    for ((fan, _, key), efforts) in &by_key {
        let row =
            stored.get(&(case.history.fans[usize::from(*fan)], format!("storm-{key}").as_str())).copied();
        judge_key(efforts, row, found);
    }
}

fn judge_unnamed(effort: &Effort, found: &mut Found) {
    if effort.calls[0].replayed {
        find(found, Rule::ReplayedFromNowhere, format!("{:?}", effort.calls));
    }
}

fn judge_key(efforts: &[&Effort], row: Option<&KeyRow>, found: &mut Found) {
    let answered: Vec<&&Effort> = efforts.iter().filter(|effort| effort.result().is_some()).collect();
    if answered.len() > 1 {
        find(found, Rule::ReusedUnnoticed, format!("{answered:?}"));
    }
    for effort in &answered {
        judge_answers(effort, row, found);
    }
    for effort in efforts {
        for call in &effort.calls {
            let others = || efforts.iter().filter(|other| other.ask != effort.ask);
            let is_refused = call.told.code() == Some(Code::IdempotencyKeyReused);
            if is_refused && !others().any(|other| other.asked <= call.ended) {
                find(found, Rule::ReusedWithoutReason, format!("{call:?}"));
            }
            let is_undecided = matches!(call.told, Told::Unknown | Told::Unsent) || call.is_open();
            if !is_refused && !is_undecided && others().any(|other| other.known <= call.began) {
                find(found, Rule::ReusedUnnoticed, format!("{call:?}"));
            }
            if !is_undecided && result_of(call).is_none() && effort.known <= call.began {
                find(found, Rule::ForgottenKey, format!("{call:?}"));
            }
        }
    }
}

/// All answers are the same; at most one is the first; and that is what the key points at.
fn judge_answers(effort: &Effort, row: Option<&KeyRow>, found: &mut Found) {
    let told: Vec<_> = effort.calls.iter().filter(|call| result_of(call).is_some()).collect();
    if told.iter().any(|call| call.body != told[0].body) {
        find(found, Rule::DifferentAnswers, format!("{told:?}"));
    }
    let firsts = told.iter().filter(|call| !call.replayed).count();
    let results: Vec<_> = told.iter().filter_map(|call| result_of(call)).collect();
    if firsts > 1 || results.iter().any(|result| *result != results[0]) {
        find(found, Rule::TwoEffects, format!("{told:?}"));
    }
    for call in told.iter().filter(|call| call.replayed) {
        let is_another_before = |other: &&Call| {
            !std::ptr::eq(*other, **call)
                && (other.is_open() || (result_of(other).is_some() && !other.replayed))
                && other.began <= call.ended
        };
        if !effort.calls.iter().any(is_another_before) {
            find(found, Rule::ReplayedFromNowhere, format!("{call:?}"));
        }
    }
    if row.is_none_or(|row| row.result != results[0]) {
        find(found, Rule::TwoEffects, format!("the key points at {row:?}: {told:?}"));
    }
}
