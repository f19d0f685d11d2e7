//! Payments and refunds: each once, each asked for, none too late, none refused without a reason.

use std::collections::HashMap;

use super::{
    case::Case,
    story::Story,
    violation::{Found, Rule, find},
};
use crate::history::{Ask, Call, Code, Id, NEVER, SeenPayment, Status, Told};

pub(super) fn judge(case: &Case, found: &mut Found) {
    judge_rows(case, found);
    judge_refunds(case, found);
    let mut told = HashMap::new();
    let mut refunded: HashMap<Id, &Call> = HashMap::new();
    for call in &case.history.calls {
        match (&call.ask, &call.told) {
            (Ask::Pay { reservation, amount }, Told::Paid { payment, .. }) => {
                if told.insert(*reservation, payment.id).is_some_and(|other| other != payment.id) {
                    find(found, Rule::PaidTwice, format!("{reservation:x}: {call:?}"));
                }
                judge_paid(case, call, *reservation, *amount, payment, found);
            }
            (Ask::Pay { reservation, amount }, Told::Refused { code, .. }) => {
                judge_refused(case, call, *reservation, *amount, *code, found);
            }
            (Ask::Refund { payment }, Told::Paid { payment: seen, .. }) => {
                if let Some(other) = refunded.insert(*payment, call) {
                    find(found, Rule::RefundedTwice, format!("{other:?} and {call:?}"));
                }
                let row = case.payments.get(payment);
                if !row.is_some_and(|row| row.refunded) || !seen.refunded || seen.id != *payment {
                    find(found, Rule::LostRefund, format!("{call:?}, {row:?}"));
                }
            }
            (Ask::Refund { payment }, Told::Refused { code: Code::AlreadyRefunded, .. }) => {
                let is_possible = case.refunds.get(payment).is_some_and(|refund| refund.asked <= call.ended);
                if !is_possible || !case.payments.get(payment).is_some_and(|row| row.refunded) {
                    find(found, Rule::RefundRefusedWithoutReason, format!("{call:?}"));
                }
            }
            (Ask::Payment { payment }, Told::Payment(seen)) => {
                if seen.id != *payment {
                    find(found, Rule::ImpossiblePayment, format!("another one: {call:?}"));
                }
                judge_shown(case, call, seen, found);
            }
            (Ask::Payment { payment }, Told::Refused { code: Code::PaymentNotFound, .. }) => {
                let row =
                    case.payments.get(payment).filter(|row| case.fan_of.get(&row.user) == Some(&call.fan));
                let story = row.and_then(|row| case.stories.get(&row.reservation));
                if story.is_some_and(|story| story.paid.known <= call.began) {
                    find(found, Rule::LostPayment, format!("not found: {call:?}"));
                }
            }
            (Ask::Payments, Told::Payments(seen)) => {
                seen.iter().for_each(|seen| judge_shown(case, call, seen, found));
            }
            _ => {}
        }
    }
}

fn judge_rows(case: &Case, found: &mut Found) {
    let mut payment_of: HashMap<Id, Id> = HashMap::new();
    for row in &case.state.payments {
        if let Some(other) = payment_of.insert(row.reservation, row.id) {
            find(found, Rule::PaidTwice, format!("{:x} by {other:x} and {:x}", row.reservation, row.id));
        }
        let Some(story) = case.stories.get(&row.reservation) else {
            find(found, Rule::UnaskedPayment, format!("{row:?}"));
            continue;
        };
        let is_owners = case.fan_of.get(&row.user) == Some(&story.owner);
        if story.paid.asked == NEVER || !is_owners || row.amount != story.price {
            find(found, Rule::UnaskedPayment, format!("{row:?}, {story:?}"));
        }
        if case.history.clock.moment_of(row.paid_at) >= story.expires + story.slack
            || story.paid.asked >= story.expires + story.slack
        {
            find(found, Rule::PaidTooLate, format!("{row:?}, {story:?}"));
        }
        let refund = case.refunds.get(&row.id);
        if row.refunded && refund.is_none_or(|refund| refund.asked == NEVER) {
            find(found, Rule::UnaskedRefund, format!("{row:?}"));
        }
    }
}

/// Each refunded payment has one refund, and no other payment has one. That it is of the price the ledger says.
fn judge_refunds(case: &Case, found: &mut Found) {
    let mut refunds: HashMap<Id, u64> = HashMap::new();
    for row in &case.state.refunds {
        *refunds.entry(row.payment).or_default() += 1;
        if !case.payments.contains_key(&row.payment) {
            find(found, Rule::RefundsAtTheEnd, format!("{row:?} of no payment"));
        }
    }
    for row in &case.state.payments {
        let count = refunds.get(&row.id).copied().unwrap_or_default();
        if count != u64::from(row.refunded) {
            find(found, Rule::RefundsAtTheEnd, format!("{count} of {row:?}"));
        }
    }
}

fn judge_paid(
    case: &Case,
    call: &Call,
    reservation: Id,
    amount: Option<i64>,
    seen: &SeenPayment,
    found: &mut Found,
) {
    let Some(row) = case.payments.get(&seen.id) else {
        find(found, Rule::LostPayment, format!("{call:?}"));
        return;
    };
    let is_the_same = (row.reservation, row.amount) == (seen.reservation, seen.amount);
    // Told as it was when it was made, however often.
    if !is_the_same
        || seen.reservation != reservation
        || seen.refunded
        || amount.is_some_and(|it| it != row.amount)
    {
        find(found, Rule::LostPayment, format!("otherwise: {call:?}, {row:?}"));
    }
}

fn judge_refused(
    case: &Case,
    call: &Call,
    reservation: Id,
    amount: Option<i64>,
    code: Code,
    found: &mut Found,
) {
    let Some(story) = case.own_story(call.fan, reservation) else { return };
    let may_be = |status| story.may_be(status, call.began, call.ended);
    let is_reason = match code {
        Code::AlreadyPaid => may_be(Status::Paid),
        Code::NotPayable => may_be(Status::Cancelled),
        Code::HoldExpired => may_be(Status::Expired),
        Code::InsufficientBalance => may_be(Status::Reserved),
        Code::AmountMismatch => amount.is_some_and(|amount| amount != story.price),
        _ => true,
    };
    if !is_reason {
        find(found, Rule::PayRefusedWithoutReason, format!("{call:?}, {story:?}"));
    }
}

fn judge_shown(case: &Case, call: &Call, seen: &SeenPayment, found: &mut Found) {
    let row = case.payments.get(&seen.id).filter(|row| case.fan_of.get(&row.user) == Some(&call.fan));
    let story: Option<&Story> = row.and_then(|row| case.stories.get(&row.reservation));
    let is_possible = row.zip(story).is_some_and(|(row, story)| {
        let is_the_same = (row.reservation, row.amount) == (seen.reservation, seen.amount);
        let status = if seen.refunded {
            story.is_refunded && story.refunded.asked <= call.ended
        } else {
            !story.is_refunded || call.began <= story.refunded.known
        };
        is_the_same && status && story.paid.asked <= call.ended
    });
    if !is_possible {
        find(found, Rule::ImpossiblePayment, format!("{seen:?} of {row:?}, {story:?}: {call:?}"));
    }
}
