//! Turns: over when they were told to be over, for the reason that was told, and not before.

use std::collections::HashMap;

use super::{
    case::Case,
    tickets::not_issued_before,
    violation::{Found, Rule, find},
};
use crate::history::{Ask, Call, Code, Moment, NEVER, Reason, TicketStatus, Told};

/// How long an instance may take to hear of what another did: a quarter of a second, and as long as a busy machine
/// may keep it from running.
const HEARSAY: i64 = 2_000_000;

/// What is known of a ticket from outside.
#[derive(Default)]
struct Turn<'a> {
    /// Calls that may have paid, or left.
    pays: Vec<&'a Call>,
    leaves: Vec<&'a Call>,
    /// Whether somebody was told that they did.
    is_paid: bool,
    is_left: bool,
    /// From when on it surely was over, and surely had come.
    ended: Option<Moment>,
    came: Option<Moment>,
}

pub(super) fn judge(case: &Case, found: &mut Found) {
    let turns = turns(case);
    judge_the_end(case, &turns, found);
    let issued = not_issued_before(case);
    for call in &case.history.calls {
        let number = number_of(call);
        let Some(turn) = turns.get(&number) else { continue };
        judge_after_the_end(case, call, turn, found);
        if let Some(reason) = reason_of(call)
            && !is_possible(case, reason, turn, issued.get(&number).copied(), call)
        {
            find(found, Rule::EndedWithoutReason, format!("{call:?}"));
        }
        if denies_the_turn(call) && may_rely_on(case, turn.came, call) {
            find(found, Rule::WentBack, format!("it came by {:?}: {call:?}", turn.came));
        }
    }
}

/// The ticket that a call is about.
fn number_of(call: &Call) -> u64 {
    match call.told {
        Told::Ticket { number, .. } => number,
        _ => call.ticket,
    }
}

fn reason_of(call: &Call) -> Option<Reason> {
    match call.told {
        Told::Ticket { reason, .. } | Told::Refused { reason, .. } => reason,
        _ => None,
    }
}

fn turns<'a>(case: &Case<'a>) -> HashMap<u64, Turn<'a>> {
    let mut turns: HashMap<u64, Turn> = HashMap::new();
    for call in &case.history.calls {
        let number = number_of(call);
        if number == 0 {
            continue;
        }
        let turn = turns.entry(number).or_default();
        let is_paid =
            matches!((&call.ask, &call.told), (Ask::Pay { .. }, Told::Paid { .. })) && !call.replayed;
        let is_left = call.told == Told::Left;
        match call.ask {
            Ask::Pay { .. } if is_paid || call.is_open() => turn.pays.push(call),
            Ask::Leave if is_left || call.is_open() => turn.leaves.push(call),
            _ => {}
        }
        turn.is_paid |= is_paid;
        turn.is_left |= is_left;
        if is_paid || is_left || reason_of(call).is_some() {
            turn.ended = Some(turn.ended.unwrap_or(NEVER).min(call.ended));
        }
        if matches!(call.told, Told::Ticket { status: TicketStatus::Active, .. }) {
            turn.came = Some(turn.came.unwrap_or(NEVER).min(call.ended));
        }
    }
    turns
}

fn judge_the_end(case: &Case, turns: &HashMap<u64, Turn>, found: &mut Found) {
    for row in &case.state.tickets {
        let Some(turn) = turns.get(&row.number) else { continue };
        let is_right = match (turn.is_paid, turn.is_left) {
            (true, _) => row.reason == "PAID",
            (_, true) => row.reason == "LEFT",
            _ => turn.ended.is_none() || row.status == "ENDED" || row.has_run_out,
        };
        let asked = |calls: &[&Call]| !calls.is_empty();
        let is_asked = match row.reason.as_str() {
            "PAID" => asked(&turn.pays),
            "LEFT" => asked(&turn.leaves),
            _ => true,
        };
        if !is_right || !is_asked || (turn.is_paid && turn.is_left) {
            find(
                found,
                Rule::TurnNotEnded,
                format!("{row:?}, pays {:?}, leaves {:?}", turn.pays, turn.leaves),
            );
        }
    }
}

/// Whether a call, begun so long after a moment, must know of what was so then. News of the time before the store was
/// away may be late.
fn may_rely_on(case: &Case, known: Option<Moment>, call: &Call) -> bool {
    let Some(known) = known else { return false };
    let late = case.history.rules.finds_back;
    let away = |outage: &(Moment, Moment)| outage.0 <= call.ended && known <= outage.1 + late;
    let is_old_news = matches!(call.told, Told::Ticket { is_old_news: true, .. });
    known + HEARSAY < call.began && !is_old_news && !case.history.outages.iter().any(away)
}

fn judge_after_the_end(case: &Case, call: &Call, turn: &Turn, found: &mut Found) {
    let Some(ended) = turn.ended.filter(|ended| *ended < call.began) else { return };
    let is_told_so = match &call.told {
        Told::Unknown | Told::Unsent | Told::Garbled => true,
        Told::Refused { code, .. } => matches!(
            code,
            Code::QueueTokenEnded | Code::StoreUnavailable | Code::IdempotencyKeyReused | Code::Forbidden
        ),
        Told::Ticket { status, .. } => *status == TicketStatus::Ended,
        _ => call.replayed,
    };
    if is_told_so {
        return;
    }
    if call.ask.is_change_in_turn() || call.ask == Ask::Leave {
        find(found, Rule::ChangedAfterTheEnd, format!("it ended by {ended}: {call:?}"));
    } else if (call.ask.is_reading_in_turn() || call.ask == Ask::Status)
        && may_rely_on(case, Some(ended), call)
    {
        find(found, Rule::ReadAfterTheEnd, format!("it ended by {ended}: {call:?}"));
    }
}

fn denies_the_turn(call: &Call) -> bool {
    matches!(call.told, Told::Ticket { status: TicketStatus::Waiting, .. })
        || call.told.code() == Some(Code::NotAdmitted)
}

fn is_possible(case: &Case, reason: Reason, turn: &Turn, issued: Option<Moment>, call: &Call) -> bool {
    let rules = &case.history.rules;
    let lasted = |least: i64| issued.is_none_or(|issued| issued + least - rules.slack <= call.ended);
    let asked = |calls: &[&Call]| calls.iter().any(|other| other.began <= call.ended);
    match reason {
        Reason::Paid => asked(&turn.pays),
        Reason::Left => asked(&turn.leaves),
        Reason::TimedOut => lasted(rules.session),
        Reason::NoShow => lasted(rules.claim),
    }
}
