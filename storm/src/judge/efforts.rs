//! Calls that together may take effect at most once: one call without a key, or all that ask the same under one key.

use std::collections::HashMap;

use crate::history::{Ask, Call, FanNumber, History, Id, Moment, NEVER, Told};

/// The calls of one effort.
#[derive(Debug)]
pub(super) struct Effort<'a> {
    pub(super) fan: FanNumber,
    pub(super) ask: Ask,
    pub(super) calls: Vec<&'a Call>,
    /// Before it can have taken effect.
    pub(super) asked: Moment,
    /// When somebody was told that it had; [`NEVER`] if nobody was.
    pub(super) known: Moment,
}

impl Effort<'_> {
    /// Whether it may have taken effect.
    pub(super) fn is_possible(&self) -> bool {
        self.asked < NEVER
    }

    /// The id of what came of it, if somebody was told.
    pub(super) fn result(&self) -> Option<Id> {
        self.calls.iter().find_map(|call| result_of(call))
    }
}

/// The id of what a change made, if the call was told.
pub(super) fn result_of(call: &Call) -> Option<Id> {
    match (&call.ask, &call.told) {
        (Ask::Hold { .. }, Told::Reservation(seen)) => Some(seen.id),
        (Ask::Charge { .. }, Told::Charged { transaction, .. }) => Some(*transaction),
        (Ask::Pay { .. }, Told::Paid { payment, .. }) => Some(payment.id),
        _ => None,
    }
}

/// The routes that take keys.
pub(super) fn route_of(ask: &Ask) -> Option<u8> {
    match ask {
        Ask::Hold { .. } => Some(0),
        Ask::Charge { .. } => Some(1),
        Ask::Pay { .. } => Some(2),
        _ => None,
    }
}

/// All efforts, in the order in which they were first made.
pub(super) fn efforts(history: &History) -> Vec<Effort<'_>> {
    let mut efforts: Vec<Effort> = vec![];
    let mut named: HashMap<(FanNumber, u32, Ask), usize> = HashMap::new();
    for call in history.calls.iter().filter(|call| route_of(&call.ask).is_some()) {
        let place = match call.key {
            0 => efforts.len(),
            key => *named.entry((call.fan, key, call.ask)).or_insert(efforts.len()),
        };
        if place == efforts.len() {
            efforts.push(Effort { fan: call.fan, ask: call.ask, calls: vec![], asked: NEVER, known: NEVER });
        }
        let effort = &mut efforts[place];
        effort.calls.push(call);
        let is_told = result_of(call).is_some();
        if is_told || call.is_open() {
            effort.asked = effort.asked.min(call.began);
        }
        if is_told {
            effort.known = effort.known.min(call.ended);
        }
    }
    efforts
}
