//! What a database noted, in the order of the commits.

use serde::Deserialize;
use uuid::Uuid;

/// An instant: microseconds since 1970, by the database's clock.
pub type Instant = i64;

/// A commit that changed tickets, payments or the policy, and what the database answered at that commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its place among all moments.
    pub place: u64,
    pub at: Instant,
    /// How many turns were live, counted by the database.
    pub live: u64,
    /// The policy in force.
    pub policy: Policy,
    pub changes: Vec<Change>,
}

/// The policy, as the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Policy {
    pub strategy: Strategy,
    pub state: RoomState,
    pub max_active: u64,
    pub admit_count: u64,
    pub interval_seconds: i64,
    pub claim_seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Strategy {
    MaxActive,
    FixedRate,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoomState {
    Open,
    Paused,
    Draining,
}

impl Policy {
    /// The most turns that may be live, where that is bounded.
    pub fn cap(&self) -> Option<u64> {
        (self.strategy != Strategy::FixedRate).then_some(self.max_active)
    }

    /// The most admissions within an interval, and the interval, where they are bounded.
    pub fn rate(&self) -> Option<(u64, i64)> {
        (self.strategy != Strategy::MaxActive)
            .then_some((self.admit_count, self.interval_seconds * 1_000_000))
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A ticket is now as it says, or is no longer there.
    Ticket { id: Uuid, after: Option<Ticket> },
    /// A user's payment was kept.
    Payment { user: Uuid },
    /// The moment's policy is new.
    Policy,
}

/// A ticket's row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ticket {
    pub user: Uuid,
    pub number: u64,
    pub status: Status,
    pub reason: Option<Reason>,
    pub admitted_at: Option<Instant>,
    pub expires_at: Option<Instant>,
    pub claimed_at: Option<Instant>,
    pub passed_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Waiting,
    Active,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    Paid,
    Left,
    TimedOut,
    NoShow,
}
