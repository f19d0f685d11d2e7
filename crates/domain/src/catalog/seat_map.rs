//! Which seats of a schedule are free: as a whole, and what has changed since.

use std::collections::BTreeMap;

use super::{Occupancy, SeatNumber, SeatStatus};
use crate::time::Timestamp;

/// What anybody may know of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatState {
    /// The seat.
    pub number: SeatNumber,
    /// Whether it is free.
    pub status: SeatStatus,
}

/// What anybody may know of all seats of a schedule at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeatMap(BTreeMap<SeatNumber, SeatStatus>);

/// What somebody who watches a schedule's seats has yet to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatNews {
    /// All seats, in the order of their numbers: whatever was known before is to be forgotten.
    Everything(Vec<SeatState>),
    /// The seats that are not as they were, in the order of their numbers; none, when all are.
    Changes(Vec<SeatState>),
}

impl SeatMap {
    /// The map at `now` of seats that are occupied so: a hold that has run out by then does not count.
    #[must_use]
    pub fn at(seats: &[(SeatNumber, Occupancy)], now: Timestamp) -> Self {
        Self(seats.iter().map(|(number, occupancy)| (*number, occupancy.status_at(now))).collect())
    }

    /// What this map has to tell to somebody who knows `known`, or nothing yet. Of a seat that has changed more
    /// than once in between, only what it is now.
    #[must_use]
    pub fn news_since(&self, known: Option<&Self>) -> SeatNews {
        match known {
            Some(known) if self.0.keys().eq(known.0.keys()) => {
                SeatNews::Changes(self.states().filter(|seat| known.is_otherwise(*seat)).collect())
            }
            // A difference could not say that a seat is gone.
            _ => SeatNews::Everything(self.states().collect()),
        }
    }

    fn states(&self) -> impl Iterator<Item = SeatState> {
        self.0.iter().map(|(number, status)| SeatState { number: *number, status: *status })
    }

    fn is_otherwise(&self, seat: SeatState) -> bool {
        self.0.get(&seat.number) != Some(&seat.status)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeZone, Utc};
    use proptest::{collection::btree_map, prelude::*};
    use uuid::Uuid;

    use super::*;
    use crate::ids::ReservationId;

    const SOMEBODY: ReservationId = ReservationId(Uuid::from_u128(9));

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    fn number(number: u8) -> SeatNumber {
        SeatNumber::new(number.into()).unwrap()
    }

    fn seat(seat_number: u8, status: SeatStatus) -> SeatState {
        SeatState { number: number(seat_number), status }
    }

    /// Free; held until the sixtieth second; sold.
    fn seats() -> Vec<(SeatNumber, Occupancy)> {
        vec![
            (number(9), Occupancy::Sold { to: SOMEBODY }),
            (number(1), Occupancy::Free),
            (number(2), Occupancy::Held { by: SOMEBODY, until: at(60) }),
        ]
    }

    #[test]
    fn who_knows_nothing_is_told_everything_in_the_order_of_the_numbers() {
        let everything =
            vec![seat(1, SeatStatus::Available), seat(2, SeatStatus::Held), seat(9, SeatStatus::Sold)];
        assert_eq!(SeatMap::at(&seats(), at(59)).news_since(None), SeatNews::Everything(everything));
    }

    #[test]
    fn a_hold_that_runs_out_is_a_change_though_nobody_did_anything() {
        let before = SeatMap::at(&seats(), at(60) - Duration::microseconds(1));
        let after = SeatMap::at(&seats(), at(60));
        let expected = SeatNews::Changes(vec![seat(2, SeatStatus::Available)]);
        assert_eq!(after.news_since(Some(&before)), expected);
    }

    #[test]
    fn who_knows_a_seat_that_is_gone_is_told_everything_anew() {
        let known = SeatMap::at(&seats(), at(0));
        let newer = SeatMap::at(&seats()[..2], at(0));
        let everything = vec![seat(1, SeatStatus::Available), seat(9, SeatStatus::Sold)];
        assert_eq!(newer.news_since(Some(&known)), SeatNews::Everything(everything));
    }

    fn status() -> impl Strategy<Value = SeatStatus> {
        prop_oneof![Just(SeatStatus::Available), Just(SeatStatus::Held), Just(SeatStatus::Sold)]
    }

    fn map() -> impl Strategy<Value = SeatMap> {
        btree_map((1..=SeatNumber::LAST).prop_map(number), status(), 0..6).prop_map(SeatMap)
    }

    /// Two maps of the same seats.
    fn same_seats() -> impl Strategy<Value = (SeatMap, SeatMap)> {
        btree_map((1..=SeatNumber::LAST).prop_map(number), (status(), status()), 0..50).prop_map(|both| {
            let older = both.iter().map(|(number, (older, _))| (*number, *older)).collect();
            (SeatMap(older), SeatMap(both.into_iter().map(|(number, (_, newer))| (number, newer)).collect()))
        })
    }

    /// What somebody knows who has been told `news`.
    fn told(mut known: SeatMap, news: SeatNews) -> SeatMap {
        let states = match news {
            SeatNews::Everything(states) => {
                known.0.clear();
                states
            }
            SeatNews::Changes(states) => states,
        };
        known.0.extend(states.into_iter().map(|state| (state.number, state.status)));
        known
    }

    proptest! {
        #[test]
        fn whoever_is_told_the_difference_knows_the_newer_map(older in map(), newer in map()) {
            prop_assert_eq!(told(older.clone(), newer.news_since(Some(&older))), newer);
        }

        #[test]
        fn a_difference_names_the_seats_that_changed_and_no_other((older, newer) in same_seats()) {
            let changed: Vec<_> = newer.states().filter(|seat| !older.states().any(|old| old == *seat)).collect();
            prop_assert_eq!(newer.news_since(Some(&older)), SeatNews::Changes(changed));
        }
    }
}
