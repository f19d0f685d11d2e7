//! Which seats were taken when this instance last heard of them.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{catalog::SeatNumber, ids::ScheduleId, reservation::HoldRequest};

/// 32 KiB. Schedules whose ids end alike share a place.
const PLACES: usize = 4_096;

/// The seats that were taken when this instance last heard of them: a bit each. It may be wrong, since others take seats
/// and give them back, and since schedules share places; so nothing is decided by it but whether a look is worth it.
pub(crate) struct SeatsLastTaken(Vec<AtomicU64>);

impl Default for SeatsLastTaken {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl SeatsLastTaken {
    /// Whether one of the wanted seats was taken.
    pub(crate) fn has_any(&self, request: &HoldRequest) -> bool {
        let wanted = bits(request.seats.numbers().iter().copied());
        self.place(request.schedule).is_some_and(|taken| taken.load(Ordering::Relaxed) & wanted != 0)
    }

    /// Notes that these were taken, beside others.
    pub(crate) fn add(&self, schedule: ScheduleId, taken: impl Iterator<Item = SeatNumber>) {
        if let Some(place) = self.place(schedule) {
            place.fetch_or(bits(taken), Ordering::Relaxed);
        }
    }

    /// Notes that these were taken, and no other.
    pub(crate) fn replace(&self, schedule: ScheduleId, taken: impl Iterator<Item = SeatNumber>) {
        if let Some(place) = self.place(schedule) {
            place.store(bits(taken), Ordering::Relaxed);
        }
    }

    fn place(&self, schedule: ScheduleId) -> Option<&AtomicU64> {
        let [.., before, last] = *schedule.0.as_bytes();
        self.0.get(usize::from(u16::from_be_bytes([before, last])) % PLACES)
    }
}

/// A bit each: numbers go up to 50.
fn bits(numbers: impl Iterator<Item = SeatNumber>) -> u64 {
    numbers.fold(0, |bits, number| bits | 1 << number.get())
}
