use domain::waiting_room::{Bounded, MockWaitingRoom, RoomState};
use mockall::Sequence;

use super::*;
use crate::samples::{assert_refused, away};

fn change() -> PolicyChange {
    PolicyChange {
        max_active: Some(Bounded::new(500).unwrap()),
        state: Some(RoomState::Open),
        ..Default::default()
    }
}

fn changed() -> RoomPolicy {
    change().apply_to(RoomPolicy::default())
}

/// Changes the policy, and admits only afterwards.
fn admitting(answer: Result<u64, StorageError>) -> ChangePolicy {
    let mut room = MockWaitingRoom::new();
    let mut order = Sequence::new();
    room.expect_change_policy().times(1).in_sequence(&mut order).returning(|asked| {
        assert_eq!(asked, &change(), "what is to be changed");
        Ok(changed())
    });
    room.expect_admit().times(1).in_sequence(&mut order).return_once(|| answer);
    ChangePolicy::new(Arc::new(room))
}

#[tokio::test]
async fn a_raised_cap_lets_waiters_in_at_once() {
    assert_eq!(admitting(Ok(400)).handle(change()).await.unwrap(), changed());
}

#[tokio::test]
async fn a_policy_is_in_force_even_if_nobody_could_be_admitted() {
    assert_eq!(admitting(Err(away())).handle(change()).await.unwrap(), changed());
}

#[tokio::test]
async fn nobody_is_admitted_when_the_policy_could_not_be_changed() {
    let mut room = MockWaitingRoom::new();
    room.expect_change_policy().times(1).returning(|_| Err(away()));
    room.expect_admit().never();
    let refused = ChangePolicy::new(Arc::new(room)).handle(change()).await;
    assert_refused!(refused, StorageError::Unavailable(_));
}
