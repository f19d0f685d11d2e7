//! What must not have happened, and did.

use std::{collections::BTreeMap, fmt};

/// What kind of promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A number was handed out to nobody, although a later one was handed out.
    Gap,
    /// A number was handed out twice.
    Repeat,
    /// A number was handed out after a higher one.
    IssuedOutOfOrder,
    /// Somebody was issued a number while the room took nobody.
    IssuedWhileClosed,
    /// A user had two live tickets.
    TwoLives,
    /// A ticket went from one state to another that does not follow it.
    ImpossibleStep,
    /// Somebody was admitted while somebody present stood in front.
    Inversion,
    /// More turns were live than the cap, and this commit added to them.
    AboveCap,
    /// More were admitted within an interval than may be.
    AboveRate,
    /// Somebody was admitted while the room was paused.
    AdmittedWhilePaused,
    /// An admission's own instant is not between the admission before it and its commit.
    AdmittedOutOfTime,
    /// A turn ended for want of time that it still had.
    CutShort,
    /// A turn that ended as a no-show's had been claimed, or its owner had been heard of in time.
    NoShowWasThere,
    /// A turn that nobody claimed did not end as a no-show's.
    NoShowWasNot,
    /// A turn ended as paid without a payment in the same commit, or a payment ended no turn.
    PaidWithoutPayment,
    /// The database counted other turns than its history tells: the history is not whole.
    Miscounted,
    /// Somebody was told a number that is somebody else's or nobody's.
    ToldAnothersNumber,
    /// Somebody was told that it is their turn before the database had admitted them.
    ToldTooEarly,
    /// Somebody was told of another end than the database has.
    ToldAnotherEnd,
    /// Somebody was told of more in front than there were.
    ToldTooMany,
    /// Somebody was told of fewer in front than there were.
    ToldTooFew,
}

/// One thing that must not have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub kind: Kind,
    /// What happened, and where in the history.
    pub story: String,
}

impl Violation {
    pub fn new(kind: Kind, story: impl Into<String>) -> Self {
        Self { kind, story: story.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.kind, self.story)
    }
}

/// How many of a kind are told in full.
const TOLD_IN_FULL: usize = 5;

/// Everything found, in words: how many of each kind, and the first of them.
pub fn report(violations: &[Violation]) -> String {
    let mut by_kind: BTreeMap<Kind, Vec<&Violation>> = BTreeMap::new();
    for violation in violations {
        by_kind.entry(violation.kind).or_default().push(violation);
    }
    let mut lines = vec![];
    for (kind, found) in by_kind {
        lines.push(format!("{kind:?}, {} times:", found.len()));
        lines.extend(found.iter().take(TOLD_IN_FULL).map(|violation| format!("  {}", violation.story)));
    }
    lines.join("\n")
}
