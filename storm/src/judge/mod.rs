//! The judge.
use crate::{history::{Call, History, Told}, store::State};

/// v
#[derive(Clone, Debug)]
pub struct Violation { /// r
 pub rule: &'static str, /// w
 pub words: String }

/// j
#[must_use]
pub fn judge(history: &History, _state: &State) -> Vec<Violation> {
    history.calls.iter().filter_map(|call| Some(Violation { rule: "form", words: format!("{call:?} {}", call.fault.as_ref()?) })).collect()
}
/// o
#[must_use]
pub fn outcome_of(call: &Call) -> String {
    match &call.told {
        Told::Unknown => "unknown".into(),
        Told::Unsent => "cut in mid-request".into(),
        Told::Refused { status, code, .. } => format!("{status} {}", code.name()),
        _ if call.replayed => "the first answer again".into(),
        _ => "done".into(),
    }
}
