//! The clock that a store brings.

use chrono::{Duration, SubsecRound};

use crate::stage::Stage;

encore_tests::on_every_store! {
    crate::stage;
    an_instant_is_told_to_the_microsecond,
    the_clock_tells_the_time_of_the_store,
}

async fn an_instant_is_told_to_the_microsecond(stage: Stage) {
    for _ in 0..100 {
        let now = stage.now();
        assert_eq!(now, now.trunc_subsecs(6), "expected nothing finer than a store keeps");
    }
}

async fn the_clock_tells_the_time_of_the_store(stage: Stage) {
    let before = stage.now();
    let issued_at = stage.newcomer().await.ticket.issued_at;
    let after = stage.now();
    // The clock may be off by half of what a question takes to be answered.
    let tolerance = Duration::seconds(1);
    assert!(
        before - tolerance <= issued_at && issued_at <= after + tolerance,
        "expected the store to write what the clock says, {before} to {after}, got {issued_at}"
    );
}
