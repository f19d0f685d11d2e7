//! Whether each answer is one that its call can have.

use super::{
    case::Case,
    violation::{Found, Rule, find},
};
use crate::history::{Ask, Call, Code, Told};

pub(super) fn judge(case: &Case, found: &mut Found) {
    for call in &case.history.calls {
        if let Some(fault) = &call.fault {
            find(found, Rule::Malformed, format!("{fault}; {call:?}"));
        }
        match &call.told {
            Told::Refused { status, code, .. } if !is_expected(call, *status, *code) => {
                find(found, Rule::Unexpected, format!("{call:?}"));
            }
            Told::Refused { code: Code::StoreUnavailable, .. } if !is_away(case, call) => {
                find(found, Rule::AwayTooLong, format!("{call:?}"));
            }
            Told::Garbled if call.fault.is_none() => find(found, Rule::Malformed, format!("{call:?}")),
            _ => {}
        }
        if is_late(case, call) {
            find(found, Rule::AnsweredLate, format!("{call:?}"));
        }
        if reaches_for_another(case, call) && is_let_in(call) {
            find(found, Rule::SomebodyElses, format!("{call:?}"));
        }
    }
}

/// Whether an answer came too late. A call that was cut, by its caller or by the end of its instance, has none.
fn is_late(case: &Case, call: &Call) -> bool {
    let is_answer = !matches!(call.told, Told::Unknown | Told::Unsent);
    is_answer && call.ended - call.began > case.history.rules.answered_within
}

/// Whether the store was away during a call, or not yet back for long.
fn is_away(case: &Case, call: &Call) -> bool {
    let late = case.history.rules.finds_back;
    case.history.outages.iter().any(|(began, back)| *began <= call.ended && call.began <= *back + late)
}

fn status_of(code: Code) -> u16 {
    match code {
        Code::QueueTokenEnded => 401,
        Code::InsufficientBalance => 402,
        Code::NotAdmitted | Code::Forbidden => 403,
        Code::ReservationNotFound | Code::PaymentNotFound => 404,
        Code::SeatTaken
        | Code::SeatLimitReached
        | Code::NotCancellable
        | Code::HoldExpired
        | Code::AlreadyPaid
        | Code::NotPayable
        | Code::AlreadyRefunded => 409,
        Code::AmountMismatch | Code::IdempotencyKeyReused => 422,
        Code::StoreUnavailable => 503,
        Code::Other => 0,
    }
}

fn is_expected(call: &Call, status: u16, code: Code) -> bool {
    if status != status_of(code) {
        return false;
    }
    let takes_a_turn = call.ask.is_change_in_turn() || call.ask.is_reading_in_turn();
    match code {
        Code::StoreUnavailable => true,
        Code::QueueTokenEnded => takes_a_turn || call.ask == Ask::Leave,
        Code::NotAdmitted => takes_a_turn,
        Code::IdempotencyKeyReused => call.key > 0,
        _ => own_refusals(&call.ask).contains(&code),
    }
}

fn own_refusals(ask: &Ask) -> &'static [Code] {
    match ask {
        Ask::Hold { .. } => &[Code::SeatTaken, Code::SeatLimitReached],
        Ask::Cancel { .. } => &[Code::ReservationNotFound, Code::NotCancellable],
        Ask::Charge { .. } | Ask::Balance { .. } | Ask::Transactions { .. } => &[Code::Forbidden],
        Ask::Pay { .. } => &[
            Code::ReservationNotFound,
            Code::InsufficientBalance,
            Code::HoldExpired,
            Code::AlreadyPaid,
            Code::NotPayable,
            Code::AmountMismatch,
        ],
        Ask::Reservation { .. } => &[Code::ReservationNotFound],
        Ask::Payment { .. } => &[Code::PaymentNotFound],
        Ask::Refund { .. } => &[Code::AlreadyRefunded],
        _ => &[],
    }
}

/// Whether a call is for something that is not the caller's.
fn reaches_for_another(case: &Case, call: &Call) -> bool {
    match call.ask {
        Ask::Charge { owner, .. } | Ask::Balance { owner } | Ask::Transactions { owner } => owner != call.fan,
        Ask::Cancel { reservation } | Ask::Pay { reservation, .. } | Ask::Reservation { reservation } => {
            case.stories.get(&reservation).is_some_and(|story| story.owner != call.fan)
        }
        Ask::Payment { payment } => {
            let owner = case.payments.get(&payment).and_then(|row| case.fan_of.get(&row.user));
            owner.is_some_and(|owner| *owner != call.fan)
        }
        _ => false,
    }
}

/// Whether the answer lets the caller in, or betrays what is there.
fn is_let_in(call: &Call) -> bool {
    match &call.told {
        Told::Unknown | Told::Unsent | Told::Garbled => false,
        Told::Refused { code, .. } => !matches!(
            code,
            Code::Forbidden
                | Code::ReservationNotFound
                | Code::PaymentNotFound
                | Code::QueueTokenEnded
                | Code::NotAdmitted
                | Code::IdempotencyKeyReused
                | Code::StoreUnavailable
        ),
        _ => true,
    }
}
