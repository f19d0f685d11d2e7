//! How many may be inside, and how many may enter now.

use chrono::Duration;

use super::TicketState;
use crate::time::Timestamp;

/// How many are admitted in one change of the room, at most.
pub const ADMITTED_TOGETHER_AT_MOST: u64 = 2_000;

/// By what the number of people inside is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdmissionStrategy {
    /// At most `max_active` turns live at a time.
    MaxActive,
    /// At most `admit_count` admissions within any `interval`.
    FixedRate,
    /// Both bounds at once.
    Both,
}

/// Whether the room takes people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoomState {
    /// People join and are admitted.
    Open,
    /// Nobody new joins and nobody is admitted.
    Paused,
    /// Nobody new joins; those who wait are still admitted.
    Draining,
}

/// The room's policy: set at the first start, changed by the operator afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomPolicy {
    /// By what the number of people inside is bounded.
    pub strategy: AdmissionStrategy,
    /// The most turns live at a time.
    pub max_active: Bounded,
    /// The most admissions within any interval.
    pub admit_count: Bounded,
    /// The interval of [`AdmissionStrategy::FixedRate`].
    pub interval: Duration,
    /// How long a turn lasts from the moment its owner has come.
    pub session: Duration,
    /// How long a turn waits for its owner to come.
    pub claim: Duration,
    /// Whether the room takes people in.
    pub state: RoomState,
}

impl Default for RoomPolicy {
    fn default() -> Self {
        Self {
            strategy: AdmissionStrategy::MaxActive,
            max_active: Bounded(100),
            admit_count: Bounded(100),
            interval: Duration::seconds(10),
            session: Duration::minutes(10),
            claim: Duration::seconds(60),
            state: RoomState::Open,
        }
    }
}

/// Why a policy was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A number of people out of bounds.
    #[error("must be within 1 to {}", Bounded::MOST)]
    NumberOutOfBounds,
    /// A duration out of bounds.
    #[error("must be within 1 to {MOST_SECONDS} seconds")]
    DurationOutOfBounds,
}

/// The longest duration of a policy, in seconds: a day.
pub const MOST_SECONDS: i64 = 86_400;

/// A number of people: 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bounded(u32);

impl Bounded {
    /// The most people a policy lets in.
    pub const MOST: u32 = 1_000_000;

    /// Checks a number of people.
    ///
    /// # Errors
    ///
    /// [`PolicyError::NumberOutOfBounds`] when it is not within 1 to 1,000,000.
    pub fn new(number: i64) -> Result<Self, PolicyError> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MOST) => Ok(Self(number)),
            _ => Err(PolicyError::NumberOutOfBounds),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A policy's duration of so many whole seconds.
///
/// # Errors
///
/// [`PolicyError::DurationOutOfBounds`] when it is not within 1 second to a day.
pub fn policy_seconds(seconds: i64) -> Result<Duration, PolicyError> {
    if (1..=MOST_SECONDS).contains(&seconds) {
        Ok(Duration::seconds(seconds))
    } else {
        Err(PolicyError::DurationOutOfBounds)
    }
}

/// What the operator wants changed; what is none stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// See [`RoomPolicy::strategy`].
    pub strategy: Option<AdmissionStrategy>,
    /// See [`RoomPolicy::max_active`].
    pub max_active: Option<Bounded>,
    /// See [`RoomPolicy::admit_count`].
    pub admit_count: Option<Bounded>,
    /// See [`RoomPolicy::interval`].
    pub interval: Option<Duration>,
    /// See [`RoomPolicy::session`].
    pub session: Option<Duration>,
    /// See [`RoomPolicy::claim`].
    pub claim: Option<Duration>,
    /// See [`RoomPolicy::state`].
    pub state: Option<RoomState>,
}

impl PolicyChange {
    /// The policy with what is to be changed changed.
    #[must_use]
    pub fn apply_to(&self, policy: RoomPolicy) -> RoomPolicy {
        RoomPolicy {
            strategy: self.strategy.unwrap_or(policy.strategy),
            max_active: self.max_active.unwrap_or(policy.max_active),
            admit_count: self.admit_count.unwrap_or(policy.admit_count),
            interval: self.interval.unwrap_or(policy.interval),
            session: self.session.unwrap_or(policy.session),
            claim: self.claim.unwrap_or(policy.claim),
            state: self.state.unwrap_or(policy.state),
        }
    }
}

/// How full the room is, counted under the room's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Turns that are live.
    pub active: u64,
    /// Admissions within the last [`RoomPolicy::interval`]; nothing rests on it unless
    /// [`RoomPolicy::counts_admissions`].
    pub admitted_within_interval: u64,
}

impl RoomPolicy {
    /// A turn that begins at `now`, whether or not its owner is there already.
    #[must_use]
    pub fn turn(&self, claimed: bool, now: Timestamp) -> TicketState {
        let lasts = if claimed { self.session } else { self.claim };
        TicketState::Active { expires_at: now + lasts, claimed }
    }

    /// Whether admissions are counted over an interval.
    #[must_use]
    pub fn counts_admissions(&self) -> bool {
        self.strategy != AdmissionStrategy::MaxActive
    }

    /// Whether somebody new may join.
    #[must_use]
    pub fn takes_newcomers(&self) -> bool {
        self.state == RoomState::Open
    }

    /// How many of those who wait, first come first, may enter now: of more than [`ADMITTED_TOGETHER_AT_MOST`] the
    /// others enter right afterwards, so that no change of the room lasts for as long as the room is large.
    ///
    /// Lowering a bound throws nobody out: with more inside than the bound, the answer is none.
    #[must_use]
    pub fn admissible(&self, occupancy: Occupancy) -> u64 {
        if self.state == RoomState::Paused {
            return 0;
        }
        let free = u64::from(self.max_active.get()).saturating_sub(occupancy.active);
        let due = u64::from(self.admit_count.get()).saturating_sub(occupancy.admitted_within_interval);
        let allowed = match self.strategy {
            AdmissionStrategy::MaxActive => free,
            AdmissionStrategy::FixedRate => due,
            AdmissionStrategy::Both => free.min(due),
        };
        allowed.min(ADMITTED_TOGETHER_AT_MOST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(strategy: AdmissionStrategy, max_active: u32, admit_count: u32) -> RoomPolicy {
        RoomPolicy {
            strategy,
            max_active: Bounded(max_active),
            admit_count: Bounded(admit_count),
            ..RoomPolicy::default()
        }
    }

    fn occupancy(active: u64, admitted_within_interval: u64) -> Occupancy {
        Occupancy { active, admitted_within_interval }
    }

    #[test]
    fn numbers_of_people_are_within_1_to_a_million() {
        for bad in [i64::MIN, -1, 0, 1_000_001, i64::MAX] {
            assert_eq!(Bounded::new(bad), Err(PolicyError::NumberOutOfBounds), "{bad}");
        }
        for good in [1, 1_000_000] {
            assert!(Bounded::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn durations_are_within_a_second_and_a_day() {
        for bad in [-1, 0, 86_401] {
            assert_eq!(policy_seconds(bad), Err(PolicyError::DurationOutOfBounds), "{bad}");
        }
        assert_eq!(policy_seconds(86_400), Ok(Duration::days(1)));
    }

    #[test]
    fn a_lowered_cap_admits_nobody_and_does_not_wrap_around() {
        assert_eq!(policy(AdmissionStrategy::MaxActive, 3, 1).admissible(occupancy(10, 0)), 0);
    }

    #[test]
    fn of_many_who_may_enter_only_so_many_enter_together() {
        let policy = policy(AdmissionStrategy::Both, 1_000_000, 1_000_000);
        assert_eq!(policy.admissible(occupancy(0, 0)), ADMITTED_TOGETHER_AT_MOST);
        let almost_full = occupancy(1_000_000 - ADMITTED_TOGETHER_AT_MOST + 1, 0);
        assert_eq!(policy.admissible(almost_full), ADMITTED_TOGETHER_AT_MOST - 1);
    }

    #[test]
    fn a_paused_room_admits_nobody_and_takes_nobody() {
        let paused = RoomPolicy { state: RoomState::Paused, ..RoomPolicy::default() };
        assert_eq!(paused.admissible(occupancy(0, 0)), 0);
        assert!(!paused.takes_newcomers());
    }

    #[test]
    fn a_draining_room_takes_nobody_and_goes_on_admitting() {
        let draining = RoomPolicy { state: RoomState::Draining, ..RoomPolicy::default() };
        assert_eq!(draining.admissible(occupancy(40, 0)), 60);
        assert!(!draining.takes_newcomers());
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let change = PolicyChange { max_active: Some(Bounded(7)), ..PolicyChange::default() };
        let expected = RoomPolicy { max_active: Bounded(7), ..RoomPolicy::default() };
        assert_eq!(change.apply_to(RoomPolicy::default()), expected);
    }

    #[test]
    fn a_turn_lasts_for_the_claim_time_until_its_owner_comes() {
        let policy = RoomPolicy::default();
        let now = Timestamp::UNIX_EPOCH;
        for (claimed, lasts) in [(false, policy.claim), (true, policy.session)] {
            assert_eq!(policy.turn(claimed, now), TicketState::Active { expires_at: now + lasts, claimed });
        }
    }

    #[test]
    fn admissions_count_where_there_is_a_rate() {
        use AdmissionStrategy::{Both, FixedRate, MaxActive};
        let counts = [MaxActive, FixedRate, Both].map(|strategy| policy(strategy, 1, 1).counts_admissions());
        assert_eq!(counts, [false, true, true]);
    }

    proptest! {
        #[test]
        fn nobody_is_admitted_above_a_bound_that_counts(
            max_active in 1_u32..50,
            admit_count in 1_u32..50,
            active in 0_u64..100,
            admitted in 0_u64..100,
        ) {
            let now = occupancy(active, admitted);
            let by_cap = policy(AdmissionStrategy::MaxActive, max_active, admit_count).admissible(now);
            let by_rate = policy(AdmissionStrategy::FixedRate, max_active, admit_count).admissible(now);
            let by_both = policy(AdmissionStrategy::Both, max_active, admit_count).admissible(now);
            prop_assert!(by_cap == 0 || active + by_cap == u64::from(max_active));
            prop_assert!(by_rate == 0 || admitted + by_rate == u64::from(admit_count));
            prop_assert_eq!(by_both, by_cap.min(by_rate));
        }
    }
}
