//! The judge: from what everybody saw and what is in the database at the end, tells what should not have been.
//!
//! It knows the API's promises only. Where the outcome of a call is not known it believes the service as far as it can
//! be believed: that the call took effect once or not at all, at any time after it was sent.

mod case;
mod efforts;
mod expected;
mod holds;
mod keys;
mod ledger;
mod line;
mod payments;
mod seats;
mod story;
mod tickets;
mod turns;
mod violation;

#[cfg(test)]
mod tests;

pub use violation::{Rule, Violation};

use crate::{
    history::{Call, History, Told},
    store::State,
};
use case::Case;

/// Judges a storm; no violation is good.
#[must_use]
pub fn judge(history: &History, state: &State) -> Vec<Violation> {
    let mut found = vec![];
    let case = Case::open(history, state, &mut found);
    expected::judge(&case, &mut found);
    seats::judge(&case, &mut found);
    holds::judge(&case, &mut found);
    payments::judge(&case, &mut found);
    ledger::judge(&case, &mut found);
    keys::judge(&case, &mut found);
    tickets::judge(&case, &mut found);
    turns::judge(&case, &mut found);
    found
}

/// How a call ended, in words.
#[must_use]
pub fn outcome_of(call: &Call) -> String {
    match &call.told {
        Told::Unknown => "unknown".to_owned(),
        Told::Unsent => "cut in mid-request".to_owned(),
        Told::Refused { status, code, .. } => format!("{status} {}", code.name()),
        _ if call.replayed => "the first answer again".to_owned(),
        _ => "done".to_owned(),
    }
}
