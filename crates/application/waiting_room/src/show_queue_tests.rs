use chrono::Duration;
use domain::waiting_room::RoomPolicy;

use super::*;
use crate::samples::catching_up;

#[tokio::test]
async fn the_operator_sees_the_policy_and_the_numbers_as_they_are_now() {
    let overview = RoomOverview {
        policy: RoomPolicy::default(),
        waiting: 4,
        passed_over: 1,
        active: 3,
        issued: 12,
        admitted_lately: 2,
        age: Duration::zero(),
    };
    let mut memory = catching_up();
    let known = overview.clone();
    memory.expect_overview().times(1).return_once(move || known);
    assert_eq!(ShowQueue::new(Arc::new(memory)).handle().await, overview);
}
