//! The room in numbers, for those who watch over it.
//!
//! Every instance tells of the whole room, whichever instance or scheduler did what: the figures of several are
//! not to be added up.

use chrono::Duration;
use domain::waiting_room::{EndReason, RoomEvent, RoomOverview};
use metrics::Unit;

const WAITING: &str = "encore_queue_waiting";
const PASSED_OVER: &str = "encore_queue_passed_over";
const ACTIVE: &str = "encore_queue_active";
const VIEW_AGE: &str = "encore_queue_view_age_seconds";
const JOINS: &str = "encore_queue_joins_total";
const ADMISSIONS: &str = "encore_queue_admissions_total";
const ENDED: &str = "encore_queue_ended_total";
/// The histogram of how long people waited for their turn, in seconds.
pub const WAITING_DURATION: &str = "encore_queue_waiting_duration_seconds";

/// Says what the measurements mean.
pub fn describe_room_measurements() {
    metrics::describe_gauge!(WAITING, "People who wait, those who were passed over included.");
    metrics::describe_gauge!(PASSED_OVER, "People who wait, have stopped asking and were passed over.");
    metrics::describe_gauge!(ACTIVE, "Turns that are live.");
    metrics::describe_gauge!(VIEW_AGE, Unit::Seconds, "How old what the instance knows of the room is.");
    metrics::describe_counter!(JOINS, "Tickets that were issued since the instance began.");
    metrics::describe_counter!(ADMISSIONS, "Turns that have begun since the instance began.");
    metrics::describe_counter!(ENDED, "Tickets that have ended since the instance began, by reason.");
    metrics::describe_histogram!(WAITING_DURATION, Unit::Seconds, "From a ticket's issue to its turn.");
    metrics::counter!(JOINS).absolute(0);
    metrics::counter!(ADMISSIONS).absolute(0);
    for reason in [EndReason::Paid, EndReason::Left, EndReason::TimedOut, EndReason::NoShow] {
        metrics::counter!(ENDED, "reason" => label(reason)).absolute(0);
    }
}

const fn label(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Paid => "PAID",
        EndReason::Left => "LEFT",
        EndReason::TimedOut => "TIMED_OUT",
        EndReason::NoShow => "NO_SHOW",
    }
}

fn in_seconds(duration: Duration) -> f64 {
    duration.to_std().unwrap_or_default().as_secs_f64()
}

fn gauge(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

pub(super) fn measure_overview(overview: &RoomOverview) {
    metrics::gauge!(WAITING).set(gauge(overview.waiting));
    metrics::gauge!(PASSED_OVER).set(gauge(overview.passed_over));
    metrics::gauge!(ACTIVE).set(gauge(overview.active));
    measure_age(overview.age);
}

pub(super) fn measure_age(age: Duration) {
    metrics::gauge!(VIEW_AGE).set(in_seconds(age));
}

pub(super) fn measure_event(event: &RoomEvent) {
    match *event {
        RoomEvent::Joined(count) => metrics::counter!(JOINS).increment(count),
        RoomEvent::Admitted { waited, .. } => {
            metrics::counter!(ADMISSIONS).increment(1);
            metrics::histogram!(WAITING_DURATION).record(in_seconds(waited));
        }
        RoomEvent::Ended { reason, .. } => metrics::counter!(ENDED, "reason" => label(reason)).increment(1),
        RoomEvent::TurnChanged { .. } | RoomEvent::PassedOver { .. } | RoomEvent::CameBack { .. } => {}
    }
}
