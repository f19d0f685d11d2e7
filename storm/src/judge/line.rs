//! A ledger as a line in time: which balances a user can have had when.

use std::collections::{HashMap, VecDeque};

use super::{case::Case, story::Change};
use crate::{
    history::{Ask, FanNumber, Id, Moment, NEVER, SeenEntry},
    store::{EntryKind, EntryRow},
};

/// The entries of a user, in the order of their numbers.
#[derive(Default)]
pub(super) struct Line<'a> {
    pub(super) entries: Vec<&'a EntryRow>,
    /// When each was asked for and known.
    pub(super) changes: Vec<Change>,
    /// Before these none of each and those that follow can have been there.
    not_before: Vec<Moment>,
    /// From these on each and those before it surely were there.
    surely_from: Vec<Moment>,
}

impl Line<'_> {
    fn finish(&mut self) {
        let mut latest = Moment::MIN;
        for change in &self.changes {
            latest = latest.max(change.asked);
            self.not_before.push(latest);
        }
        let mut earliest = NEVER;
        self.surely_from = vec![NEVER; self.changes.len()];
        for (place, change) in self.changes.iter().enumerate().rev() {
            earliest = earliest.min(change.known);
            self.surely_from[place] = earliest;
        }
    }

    /// The first entry that stands before one that was known before it was asked for.
    pub(super) fn out_of_order(&self) -> Option<&EntryRow> {
        let place =
            (0..self.entries.len()).find(|place| self.surely_from[*place] < self.not_before[*place])?;
        Some(self.entries[place])
    }

    /// How many entries there may have been at a moment of a span, at least and at most.
    fn lengths(&self, began: Moment, ended: Moment) -> (usize, usize) {
        let least = self.surely_from.partition_point(|known| *known <= began);
        let most = self.not_before.partition_point(|asked| *asked <= ended);
        (least, most.max(least))
    }

    /// Whether the balance may have been this at a moment of a span.
    pub(super) fn may_be(&self, balance: i64, began: Moment, ended: Moment) -> bool {
        let (least, most) = self.lengths(began, ended);
        (least..=most).any(|length| self.balance(length) == balance)
    }

    fn balance(&self, length: usize) -> i64 {
        if length == 0 { 0 } else { self.entries[length - 1].after }
    }

    /// Whether the newest entries may have been these at a moment of a span, if so many are shown at most.
    pub(super) fn may_end_with(
        &self,
        shown: &[SeenEntry],
        at_most: usize,
        began: Moment,
        ended: Moment,
    ) -> bool {
        let (least, most) = self.lengths(began, ended);
        (least..=most).any(|length| {
            let newest = self.entries[..length].iter().rev().take(at_most);
            let newest = newest.map(|row| SeenEntry { id: row.id, amount: row.amount, after: row.after });
            newest.eq(shown.iter().copied())
        })
    }
}

/// Everybody's line; and the charges that nobody asked for.
pub(super) fn lines<'a>(case: &'a Case) -> (HashMap<FanNumber, Line<'a>>, Vec<&'a EntryRow>) {
    let mut lines: HashMap<FanNumber, Line> = (0..case.history.fans.len())
        .map(|fan| (FanNumber::try_from(fan).unwrap(), Line::default()))
        .collect();
    let (mut charges, mut unasked) = (Charges::among(case), vec![]);
    for entry in &case.state.entries {
        let Some(fan) = case.fan_of.get(&entry.user) else {
            unasked.push(entry);
            continue;
        };
        let change = match entry.kind {
            EntryKind::Charge => charges.take(*fan, entry).unwrap_or_else(|| {
                unasked.push(entry);
                Change { asked: Moment::MIN, known: NEVER }
            }),
            EntryKind::Payment | EntryKind::Refund => of_a_payment(case, entry),
        };
        let line = lines.entry(*fan).or_default();
        line.entries.push(entry);
        line.changes.push(change);
    }
    lines.values_mut().for_each(Line::finish);
    (lines, unasked)
}

fn of_a_payment(case: &Case, entry: &EntryRow) -> Change {
    let payment = case.payments.get(&entry.reference);
    let story = payment.and_then(|payment| case.stories.get(&payment.reservation));
    let change =
        story.map(|story| if entry.kind == EntryKind::Payment { story.paid } else { story.refunded });
    // Without a story nothing is known of it; that is a violation of its own.
    change.filter(|change| change.asked < NEVER).unwrap_or(Change { asked: Moment::MIN, known: NEVER })
}

/// Efforts to charge, of which entries may have come.
struct Charges {
    told: HashMap<(FanNumber, Id), Change>,
    open: HashMap<(FanNumber, i64), VecDeque<Change>>,
}

impl Charges {
    fn among(case: &Case) -> Self {
        let (mut told, mut open) = (HashMap::new(), HashMap::<_, VecDeque<_>>::new());
        for effort in case.efforts.iter().filter(|effort| effort.is_possible()) {
            let Ask::Charge { amount, .. } = effort.ask else { continue };
            let change = Change { asked: effort.asked, known: effort.known };
            match effort.result() {
                Some(id) => drop(told.insert((effort.fan, id), change)),
                None => open.entry((effort.fan, amount)).or_default().push_back(change),
            }
        }
        Self { told, open }
    }

    fn take(&mut self, fan: FanNumber, entry: &EntryRow) -> Option<Change> {
        let told = self.told.remove(&(fan, entry.id));
        told.or_else(|| self.open.get_mut(&(fan, entry.amount))?.pop_front())
    }
}
