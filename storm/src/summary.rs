//! A storm in words and figures, as Markdown.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    history::{Code, Moment, Told},
    judge::{Rule, Violation, outcome_of},
    run::Outcome,
    settings::StoreKind,
};

/// How many violations of a rule are shown.
const SHOWN_OF_A_RULE: usize = 5;

/// What came of a storm.
#[must_use]
pub fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();
    let words = [figures(outcome), calls(outcome), violations(&outcome.violations)];
    for words in words {
        writeln!(text, "{words}").unwrap();
    }
    text
}

fn figures(outcome: &Outcome) -> String {
    let settings = &outcome.settings;
    let (store, instances) = match settings.store {
        StoreKind::Sqlite => ("SQLite", "1, its scheduler inside".to_owned()),
        StoreKind::Postgres => {
            let (ahead, behind): (Vec<i64>, Vec<i64>) = outcome.skewed.iter().partition(|seen| **seen > 0);
            let instances = format!(
                "{}, the clock of one seen 10 minutes ahead after {} of its starts, 10 minutes behind after {}; \
                 2 schedulers",
                settings.instances,
                ahead.len(),
                behind.len()
            );
            ("PostgreSQL", instances)
        }
    };
    let told = |told: &Told, is_cut: bool| {
        outcome.history.calls.iter().filter(|call| call.told == *told && call.is_cut == is_cut).count()
    };
    let (cut, broken) = (told(&Told::Unknown, true), told(&Told::Unknown, false));
    let away = count_of(outcome, Code::StoreUnavailable);
    let counted = outcome.history.calls.len() - away;
    let kills = outcome.kills;
    let seconds = outcome.lasted.as_secs_f64();
    let state = &outcome.state;
    let refunds = state.payments.iter().filter(|payment| payment.refunded).count();
    let rows = [
        ("seed", settings.seed.to_string()),
        ("instances", instances),
        ("fans", settings.fans.to_string()),
        ("calls", format!("{counted}, and {away} that were told that the store is away")),
        (
            "calls whose outcome nobody was told",
            format!("{}: {cut} cut by their callers, {broken} by what was killed", cut + broken),
        ),
        ("calls cut in mid-request", told(&Told::Unsent, true).to_string()),
        (
            "kills",
            format!(
                "{}: {} of instances, {} of schedulers, {} of the PostgreSQL server",
                kills.total(),
                kills.instances,
                kills.schedulers,
                kills.stores
            ),
        ),
        ("back after the PostgreSQL server was", recovery(outcome)),
        ("the slowest answer", slowest(outcome)),
        (
            "what is in the database",
            format!(
                "{} tickets, {} reservations, {} payments, {refunds} of them refunded, {} ledger entries",
                state.tickets.len(),
                state.reservations.len(),
                state.payments.len(),
                state.entries.len()
            ),
        ),
        ("raged for", format!("{seconds:.0} s, {:.0} calls/s", counted as f64 / seconds)),
        ("judged within", format!("{:.1} s, by {} rules", outcome.judged.as_secs_f64(), Rule::ALL.len())),
        ("**violations**", format!("**{}**", outcome.violations.len())),
    ];
    let mut text = format!("### {store}\n\n| | |\n|---|---|\n");
    for (name, value) in rows {
        writeln!(text, "| {name} | {value} |").unwrap();
    }
    text
}

fn count_of(outcome: &Outcome, code: Code) -> usize {
    outcome.history.calls.iter().filter(|call| call.told.code() == Some(code)).count()
}

/// How long after the store's return a change was first made.
fn recovery(outcome: &Outcome) -> String {
    let mut done: Vec<Moment> = (outcome.history.calls.iter())
        .filter(|call| call.ask.is_change_in_turn() && call.told.code().is_none() && !call.is_open())
        .map(|call| call.ended)
        .collect();
    done.sort_unstable();
    let mut taken: Vec<Moment> = (outcome.history.outages.iter())
        .filter_map(|(_, back)| Some(done.get(done.partition_point(|moment| moment < back))? - back))
        .collect();
    taken.sort_unstable();
    match (taken.get(taken.len() / 2), taken.last()) {
        (Some(median), Some(longest)) => {
            let seconds = |moment: &Moment| *moment as f64 / 1e6;
            format!("{:.1} s in the median, {:.1} s at the longest", seconds(median), seconds(longest))
        }
        _ => "it was not away".to_owned(),
    }
}

/// How long the slowest answer took, and to what.
fn slowest(outcome: &Outcome) -> String {
    let answers =
        outcome.history.calls.iter().filter(|call| !matches!(call.told, Told::Unknown | Told::Unsent));
    match answers.max_by_key(|call| call.ended - call.began) {
        Some(call) => {
            let seconds = (call.ended - call.began) as f64 / 1e6;
            format!("{seconds:.1} s, to {}: {}", call.ask.name(), outcome_of(call))
        }
        None => "there was none".to_owned(),
    }
}

fn calls(outcome: &Outcome) -> String {
    let mut kinds: BTreeMap<&str, Vec<(String, u64)>> = BTreeMap::new();
    for ((kind, end), count) in outcome.counts() {
        kinds.entry(kind).or_default().push((end, count));
    }
    let mut text = "| call | how often | how it ended |\n|---|---|---|\n".to_owned();
    for (kind, mut ends) in kinds {
        ends.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let total: u64 = ends.iter().map(|(_, count)| count).sum();
        let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{end} {count}")).collect();
        writeln!(text, "| {kind} | {total} | {} |", ends.join(", ")).unwrap();
    }
    text
}

/// Violations by their rules, with some of each in full.
#[must_use]
pub fn violations(violations: &[Violation]) -> String {
    let mut rules: BTreeMap<Rule, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        rules.entry(violation.rule).or_default().push(violation);
    }
    let mut text = String::new();
    for (rule, found) in rules {
        writeln!(text, "{} times: {}", found.len(), rule.words()).unwrap();
        for violation in found.iter().take(SHOWN_OF_A_RULE) {
            writeln!(text, "    {}", violation.words).unwrap();
        }
    }
    text
}
