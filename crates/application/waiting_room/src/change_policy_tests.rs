use domain::waiting_room::{Bounded, MockWaitingRoom, RoomState};

use super::*;
use crate::samples::{assert_refused, away, catching_up, idle};

fn change() -> PolicyChange {
    PolicyChange {
        max_active: Some(Bounded::new(500).unwrap()),
        state: Some(RoomState::Open),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_policy_is_known_here_before_the_operator_is_answered() {
    let mut room = MockWaitingRoom::new();
    let changed = change().apply_to(RoomPolicy::default());
    room.expect_change_policy().times(1).returning(move |asked| {
        assert_eq!(asked, &change(), "what is to be changed");
        Ok(changed)
    });
    let policy = ChangePolicy::new(Arc::new(room), Arc::new(catching_up())).handle(change()).await;
    assert_eq!(policy.unwrap(), changed);
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut room = MockWaitingRoom::new();
    room.expect_change_policy().times(1).returning(|_| Err(away()));
    let refused = ChangePolicy::new(Arc::new(room), Arc::new(idle())).handle(change()).await;
    assert_refused!(refused, StorageError::Unavailable(_));
}
