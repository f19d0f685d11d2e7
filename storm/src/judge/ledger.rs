//! Money: ledgers, wallets, and the balances that were told.

use std::collections::HashMap;

use super::{
    case::Case,
    efforts::result_of,
    line::{Line, lines},
    violation::{Found, Rule, find},
};
use crate::{
    history::{Ask, Call, Code, FanNumber, Id, Told},
    store::{EntryKind, EntryRow, WalletRow},
};

/// How many entries are asked for at a time.
pub(super) const ENTRIES_SHOWN: usize = 6;

pub(super) fn judge(case: &Case, found: &mut Found) {
    let (lines, unasked) = lines(case);
    for entry in unasked {
        find(found, Rule::UnaskedCharge, format!("{entry:?}"));
    }
    let wallets: HashMap<Id, &WalletRow> =
        case.state.wallets.iter().map(|wallet| (wallet.user, wallet)).collect();
    for (fan, line) in &lines {
        judge_line(line, wallets.get(&case.history.fans[usize::from(*fan)]).copied(), found);
    }
    judge_payments(case, found);
    let entries: HashMap<Id, &EntryRow> = case.state.entries.iter().map(|entry| (entry.id, entry)).collect();
    let mut of_a_payment: HashMap<(Id, bool), &EntryRow> = HashMap::new();
    for entry in case.state.entries.iter().filter(|entry| entry.kind != EntryKind::Charge) {
        of_a_payment.insert((entry.reference, entry.kind == EntryKind::Refund), entry);
    }
    for call in &case.history.calls {
        judge_told(case, call, &lines, &entries, &of_a_payment, found);
    }
}

fn judge_line(line: &Line, wallet: Option<&WalletRow>, found: &mut Found) {
    let mut balance = 0;
    for (entry, number) in line.entries.iter().zip(1..) {
        balance += entry.amount;
        if entry.sequence != number {
            find(found, Rule::GapInTheLedger, format!("the {number}th is {entry:?}"));
            break;
        }
        if entry.after != balance || balance < 0 {
            find(found, Rule::WrongRunningBalance, format!("{balance} after {entry:?}"));
            break;
        }
    }
    let sum: i64 = line.entries.iter().map(|entry| entry.amount).sum();
    let count = i64::try_from(line.entries.len()).unwrap();
    if !wallet.is_some_and(|wallet| wallet.balance == sum && wallet.entries == count) {
        find(found, Rule::WrongWallet, format!("{wallet:?} where {count} entries make {sum}"));
    }
    if let Some(entry) = line.out_of_order() {
        find(found, Rule::LedgerOutOfOrder, format!("{entry:?}"));
    }
}

/// Each payment has one debit, each refund one credit, and there are no others.
fn judge_payments(case: &Case, found: &mut Found) {
    let mut sums: HashMap<(Id, bool), (i64, i64)> = HashMap::new();
    for entry in case.state.entries.iter().filter(|entry| entry.kind != EntryKind::Charge) {
        let (count, sum) = sums.entry((entry.reference, entry.kind == EntryKind::Refund)).or_default();
        *count += 1;
        *sum += entry.amount;
        let is_the_payers = case.payments.get(&entry.reference).is_some_and(|row| row.user == entry.user);
        if !is_the_payers {
            let rule = if entry.kind == EntryKind::Refund { Rule::NotOneCredit } else { Rule::NotOneDebit };
            find(found, rule, format!("{entry:?} of no payment of this user's"));
        }
    }
    for row in &case.state.payments {
        let debits = sums.get(&(row.id, false)).copied().unwrap_or_default();
        if debits != (1, -row.amount) {
            find(found, Rule::NotOneDebit, format!("{debits:?} of {row:?}"));
        }
        let credits = sums.get(&(row.id, true)).copied().unwrap_or_default();
        if credits != if row.refunded { (1, row.amount) } else { (0, 0) } {
            find(found, Rule::NotOneCredit, format!("{credits:?} of {row:?}"));
        }
    }
}

fn judge_told(
    case: &Case,
    call: &Call,
    lines: &HashMap<FanNumber, Line>,
    entries: &HashMap<Id, &EntryRow>,
    of_a_payment: &HashMap<(Id, bool), &EntryRow>,
    found: &mut Found,
) {
    let line = lines.get(&call.fan);
    let may_be = |balance| line.is_some_and(|line| line.may_be(balance, call.began, call.ended));
    match (&call.ask, &call.told) {
        (Ask::Charge { amount: asked, .. }, Told::Charged { amount, balance, .. }) => {
            let entry = result_of(call).and_then(|id| entries.get(&id));
            let is_there = entry.is_some_and(|entry| {
                let is_the_fans = case.fan_of.get(&entry.user) == Some(&call.fan);
                is_the_fans
                    && entry.kind == EntryKind::Charge
                    && (entry.amount, entry.after) == (*asked, *balance)
            });
            if !is_there || amount != asked {
                find(found, Rule::LostCharge, format!("{call:?}, {entry:?}"));
            }
        }
        (Ask::Pay { .. }, Told::Paid { payment, balance }) => {
            let entry = of_a_payment.get(&(payment.id, false));
            if entry.is_some_and(|entry| entry.after != *balance) {
                find(found, Rule::ImpossibleBalance, format!("{call:?}, {entry:?}"));
            }
        }
        (Ask::Refund { .. }, Told::Paid { payment, balance }) => {
            let entry = of_a_payment.get(&(payment.id, true));
            if entry.is_some_and(|entry| entry.after != *balance) {
                find(found, Rule::ImpossibleBalance, format!("{call:?}, {entry:?}"));
            }
        }
        (Ask::Pay { reservation, .. }, Told::Refused { code: Code::InsufficientBalance, balance, .. }) => {
            let is_too_small = case.stories.get(reservation).is_some_and(|story| *balance < story.price);
            if !is_too_small || !may_be(*balance) {
                find(found, Rule::ImpossibleBalance, format!("{call:?}"));
            }
        }
        (Ask::Balance { owner }, Told::Balance(balance)) if *owner == call.fan && !may_be(*balance) => {
            find(found, Rule::ImpossibleBalance, format!("{call:?}"));
        }
        (Ask::Transactions { owner }, Told::Transactions(shown)) if *owner == call.fan => {
            let is_possible =
                line.is_some_and(|line| line.may_end_with(shown, ENTRIES_SHOWN, call.began, call.ended));
            if !is_possible {
                find(found, Rule::ImpossibleLedger, format!("{call:?}"));
            }
        }
        _ => {}
    }
}
