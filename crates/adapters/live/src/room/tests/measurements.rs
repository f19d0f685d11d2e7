//! What those who watch over the room are told.

use domain::waiting_room::RoomState;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

use super::stage::{Answers, Contents, Stage, at, milliseconds, seconds};

/// Insists on what is told of a measurement.
fn expect(measured: &PrometheusHandle, name: &str, value: u64) {
    let (text, expected) = (measured.render(), format!("{name} {value}"));
    assert!(text.lines().any(|line| line == expected), "expected {expected} in:\n{text}");
}

/// How old everything is said to be, in seconds.
fn age(measured: &PrometheusHandle) -> f64 {
    let text = measured.render();
    let age = text.lines().find_map(|line| line.strip_prefix("encore_queue_view_age_seconds ")?.parse().ok());
    age.unwrap_or_else(|| panic!("expected an age in:\n{text}"))
}

/// Two are inside, two wait, one of them was passed over.
fn before(store: &mut Contents) {
    store.policy.state = RoomState::Paused;
    for _ in 0..4 {
        store.join();
    }
    store.admit(1, at(0), true);
    store.admit(2, at(0), true);
    store.pass_over(4);
}

#[tokio::test(start_paused = true)]
async fn what_has_happened_is_counted_once_however_often_it_is_told() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let measured = recorder.handle();
    let _local = metrics::set_default_local_recorder(&recorder);
    super::super::describe_room_measurements();
    let stage = Stage::new(|store| {
        before(store);
        store.repeats_itself = true;
    })
    .await;
    for (name, value) in [("waiting", 2), ("passed_over", 1), ("active", 2)] {
        expect(&measured, &format!("encore_queue_{name}"), value);
    }

    sleep(seconds(3)).await;
    let now = stage.now();
    let change = |change: &dyn Fn(&mut Contents)| change(&mut stage.contents());
    change(&|store| {
        for _ in 0..3 {
            store.join();
        }
        store.admit(3, now, false);
        store.end(1);
    });
    sleep(seconds(1)).await;
    change(&|store| {
        store.admit(3, now, true);
        // Came, was admitted and left between two readings.
        let quick = store.join();
        store.admit(quick.number, now, true);
        store.end(quick.number);
    });
    sleep(seconds(10)).await;
    let counted = [
        ("encore_queue_joins_total", 4),
        ("encore_queue_admissions_total", 2),
        ("encore_queue_ended_total{reason=\"LEFT\"}", 2),
        ("encore_queue_ended_total{reason=\"PAID\"}", 0),
        ("encore_queue_waiting_duration_seconds_count", 2),
        ("encore_queue_waiting", 4),
        ("encore_queue_active", 2),
    ];
    for (name, value) in counted {
        expect(&measured, name, value);
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_it_shows_how_old_everything_is() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let measured = recorder.handle();
    let _local = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::new(before).await;
    let age = || age(&measured);
    sleep(seconds(5)).await;
    assert!(age() <= 0.1, "{}", age());
    stage.contents().answers = Answers::WithAnError;
    sleep(seconds(30)).await;
    assert!((29.0..=31.0).contains(&age()), "{}", age());
    stage.contents().answers = Answers::WithWhatItKnows;
    sleep(milliseconds(200)).await;
    assert!(age() <= 0.1, "{}", age());
}
