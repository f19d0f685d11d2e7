//! s
use crate::run::Outcome;
/// s
#[must_use]
pub fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{:?} {:?} calls {} lasted {:?} judged {:?} skewed {}\n", outcome.settings, outcome.kills, outcome.history.calls.len(), outcome.lasted, outcome.judged, outcome.skewed);
    for ((kind, end), count) in outcome.counts() { text += &format!("{kind:20} {end:40} {count}\n"); }
    text += &format!("{} violations\n", outcome.violations.len());
    for violation in outcome.violations.iter().take(20) { text += &format!("{} {}\n", violation.rule, violation.words); }
    text
}
