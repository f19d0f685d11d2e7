//! Filling slots as soon as they are free.

use domain::waiting_room::WaitingRoom;

/// Lets waiters into slots that have just become free. A failure is only noted: what freed the slots has
/// happened and must be answered for, and the scheduler's tick admits a little later.
pub(crate) async fn admit_at_once(room: &dyn WaitingRoom) {
    if let Err(error) = room.admit().await {
        tracing::warn!(?error, "free slots are left to the next tick");
    }
}
