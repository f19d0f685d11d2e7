//! s
use crate::run::Outcome;
/// s
#[must_use]
pub fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{:?} {:?} calls {} lasted {:?} judged {:?} skewed {}\n", outcome.settings, outcome.kills, outcome.history.calls.len(), outcome.lasted, outcome.judged, outcome.skewed);
    if std::env::var("COUNTS").is_ok() { for ((kind, end), count) in outcome.counts() { text += &format!("{kind:20} {end:40} {count}\n"); } }
    let mut rules = std::collections::BTreeMap::<_, u32>::new();
    for v in &outcome.violations { *rules.entry(v.rule).or_default() += 1; }
    text += &format!("{} violations {rules:?}\n", outcome.violations.len());
    let mut shown = std::collections::BTreeMap::<_, u32>::new();
    for violation in &outcome.violations { let n = shown.entry(violation.rule).or_default(); *n += 1; if *n < 4 { text += &format!("{violation}\n"); } }
    text
}
