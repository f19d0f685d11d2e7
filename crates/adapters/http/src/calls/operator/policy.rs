//! The waiting room's policy, as the operator sees it.

use domain::waiting_room::{AdmissionStrategy, RoomPolicy, RoomState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::response::whole_seconds;

/// By what the number of people inside is bounded.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Strategy {
    /// At most `maxActive` turns live at a time.
    MaxActive,
    /// At most `admitCount` admissions within any interval.
    FixedRate,
    /// Both bounds at once.
    Both,
}

impl From<AdmissionStrategy> for Strategy {
    fn from(strategy: AdmissionStrategy) -> Self {
        match strategy {
            AdmissionStrategy::MaxActive => Self::MaxActive,
            AdmissionStrategy::FixedRate => Self::FixedRate,
            AdmissionStrategy::Both => Self::Both,
        }
    }
}

impl From<Strategy> for AdmissionStrategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::MaxActive => Self::MaxActive,
            Strategy::FixedRate => Self::FixedRate,
            Strategy::Both => Self::Both,
        }
    }
}

/// Whether the room takes people in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = RoomState)]
pub(crate) enum RoomStateName {
    /// People join and are admitted.
    Open,
    /// Nobody new joins and nobody is admitted.
    Paused,
    /// Nobody new joins; those who wait are still admitted.
    Draining,
}

impl From<RoomState> for RoomStateName {
    fn from(state: RoomState) -> Self {
        match state {
            RoomState::Open => Self::Open,
            RoomState::Paused => Self::Paused,
            RoomState::Draining => Self::Draining,
        }
    }
}

impl From<RoomStateName> for RoomState {
    fn from(state: RoomStateName) -> Self {
        match state {
            RoomStateName::Open => Self::Open,
            RoomStateName::Paused => Self::Paused,
            RoomStateName::Draining => Self::Draining,
        }
    }
}

/// The policy in force.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Policy)]
pub(crate) struct PolicyBody {
    /// By what the number of people inside is bounded.
    strategy: Strategy,
    /// The most turns live at a time.
    #[schema(minimum = 1, maximum = 1_000_000, examples(100))]
    max_active: u32,
    /// The most admissions within any interval.
    #[schema(minimum = 1, maximum = 1_000_000, examples(100))]
    admit_count: u32,
    /// The interval, in seconds.
    #[schema(minimum = 1, maximum = 86_400, examples(10))]
    interval_seconds: u64,
    /// How long a turn lasts, in seconds.
    #[schema(minimum = 1, maximum = 86_400, examples(600))]
    session_seconds: u64,
    /// How long a turn waits to be claimed, in seconds.
    #[schema(minimum = 1, maximum = 86_400, examples(60))]
    claim_seconds: u64,
    /// Whether the room takes people in.
    state: RoomStateName,
}

impl From<RoomPolicy> for PolicyBody {
    fn from(policy: RoomPolicy) -> Self {
        Self {
            strategy: policy.strategy.into(),
            max_active: policy.max_active.get(),
            admit_count: policy.admit_count.get(),
            interval_seconds: whole_seconds(policy.interval),
            session_seconds: whole_seconds(policy.session),
            claim_seconds: whole_seconds(policy.claim),
            state: policy.state.into(),
        }
    }
}
