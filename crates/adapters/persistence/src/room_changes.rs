//! Changes of the room that are made together, and what became of them.

use domain::{
    ids::TicketId,
    waiting_room::{Joined, Left, Newcomer, PolicyChange, RollCall, RoomPolicy},
};

/// Changes that arrived together, each kind in the order of its arrival. Every batch ends with an admission,
/// whether or not it holds a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomChanges {
    pub(crate) policies: Vec<PolicyChange>,
    pub(crate) leaves: Vec<TicketId>,
    pub(crate) joins: Vec<Newcomer>,
    pub(crate) roll: Option<RollCall>,
}

/// What became of changes, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomOutcomes {
    pub(crate) policies: Vec<RoomPolicy>,
    pub(crate) left: Vec<Left>,
    pub(crate) joined: Vec<Joined>,
    pub(crate) admitted: u64,
}

impl RoomChanges {
    /// What each change of the policy makes of it, one after the other.
    pub(crate) fn policies_after(&self, policy: RoomPolicy) -> Vec<RoomPolicy> {
        let change = |policy: &mut RoomPolicy, change: &PolicyChange| {
            *policy = change.apply_to(*policy);
            Some(*policy)
        };
        self.policies.iter().scan(policy, change).collect()
    }
}
