//! An operator who can not leave the policy alone.

use std::time::Duration;

use encore_tests::service::ADMIN_KEY;
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use crate::gates::Gates;

/// Changes the policy again and again, and opens the room wide when everybody has come.
pub(crate) async fn operate(gates: &Gates, mut rng: Rng, mut is_over: watch::Receiver<bool>) {
    for step in 0.. {
        let (change, lasting) = change(step, &mut rng);
        put(gates, &mut rng, change).await;
        if passed_or_over(lasting, &mut is_over).await {
            break;
        }
    }
    let wide_open = json!({"state": "OPEN", "strategy": "MAX_ACTIVE", "maxActive": 1_000});
    put(gates, &mut rng, wide_open).await;
}

/// A step's change of the policy, and for how long it stays.
fn change(step: usize, rng: &mut Rng) -> (Value, Duration) {
    let (change, milliseconds) = match step % 9 {
        0 => (json!({"maxActive": rng.u32(120..250)}), rng.u64(1_000..3_000)),
        1 => (json!({"maxActive": rng.u32(5..40)}), rng.u64(300..1_000)),
        2 => (json!({"maxActive": rng.u32(80..200)}), rng.u64(1_000..3_000)),
        3 => (json!({"state": "PAUSED"}), 400),
        4 => {
            let both = json!({
                "state": "OPEN", "strategy": "BOTH", "admitCount": rng.u32(60..200), "intervalSeconds": 1,
            });
            (both, rng.u64(1_000..2_000))
        }
        5 => (json!({"maxActive": rng.u32(20..60)}), rng.u64(300..1_000)),
        6 => (json!({"strategy": "FIXED_RATE", "admitCount": rng.u32(40..120)}), rng.u64(1_000..2_000)),
        7 => (json!({"state": "DRAINING"}), 400),
        _ => {
            let open = json!({"state": "OPEN", "strategy": "MAX_ACTIVE", "maxActive": rng.u32(100..200)});
            (open, rng.u64(500..1_000))
        }
    };
    (change, Duration::from_millis(milliseconds))
}

async fn put(gates: &Gates, rng: &mut Rng, change: Value) {
    let request = |client: &reqwest::Client, url: &str| {
        client.put(format!("{url}/api/v1/admin/queue/policy")).bearer_auth(ADMIN_KEY).json(&change)
    };
    gates.call(rng, request).await.answer.expect(200);
}

/// Waits; true if everybody has come and gone meanwhile.
pub(crate) async fn passed_or_over(time: Duration, is_over: &mut watch::Receiver<bool>) -> bool {
    timeout(time, is_over.wait_for(|over| *over)).await.is_ok()
}
