//! A look at the seats of a schedule that all share who want some of them.

use super::{HoldRefused, HoldRequest, hold::refuse_lost};
use crate::{
    catalog::{SalesWindow, Seat},
    time::Timestamp,
};

/// The seats of a schedule as they were seen: for whoever asked before, since a seat that was taken then may be free for
/// who asks later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatsSeen {
    /// When they are on sale.
    pub sales: SalesWindow,
    /// All of the schedule's seats.
    pub seats: Vec<Seat>,
}

impl SeatsSeen {
    /// Refuses a wish for these seats that nobody could be granted, for the reason that
    /// [`HoldFacts::hold`](super::HoldFacts::hold) would tell. What is not refused here may still be: what the user
    /// holds already is not known.
    ///
    /// # Errors
    ///
    /// [`HoldRefused`] when a seat is missing or taken, or the schedule not on sale.
    pub fn refuse_lost(&self, request: &HoldRequest, now: Timestamp) -> Result<(), HoldRefused> {
        let wanted = self.seats.iter().filter(|seat| request.seats.numbers().contains(&seat.number));
        refuse_lost(request, self.sales, wanted, now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        catalog::{Occupancy, SeatNumber},
        ids::{ConcertId, ReservationId, ScheduleId, SeatId, TicketId, UserId},
        money::Money,
        reservation::{HoldFacts, HoldPolicy, HoldsSoFar, SeatSelection, Show},
        text::Name,
    };

    const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(3));
    const SOMEBODY: ReservationId = ReservationId(Uuid::from_u128(9));

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    fn seat(number: u8, occupancy: Occupancy) -> Seat {
        let number = SeatNumber::new(number.into()).unwrap();
        Seat {
            id: SeatId(Uuid::from_u128(number.get().into())),
            schedule: SCHEDULE,
            number,
            name: number.seat_name(),
            grade: Name::new("R").unwrap(),
            price: Money::from_units(10),
            occupancy,
        }
    }

    /// Of six seats some are free, held until the fiftieth second, held until the hundredth, or sold.
    fn seats() -> impl Strategy<Value = Vec<Seat>> {
        let held = |second| Occupancy::Held { by: SOMEBODY, until: at(second) };
        let occupancy = prop::sample::select(vec![
            Occupancy::Free,
            held(50),
            held(100),
            Occupancy::Sold { to: SOMEBODY },
        ]);
        prop::collection::vec(occupancy, 6)
            .prop_map(|occupancies| (1..).zip(occupancies).map(|(number, each)| seat(number, each)).collect())
    }

    fn request(numbers: &[u8]) -> HoldRequest {
        let numbers = numbers.iter().map(|number| SeatNumber::new((*number).into()).unwrap());
        let seats = SeatSelection::new(numbers.collect()).unwrap();
        let (user, ticket) = (UserId(Uuid::from_u128(1)), TicketId(Uuid::from_u128(2)));
        HoldRequest { user, ticket, schedule: SCHEDULE, seats }
    }

    fn show() -> Show {
        Show {
            concert: ConcertId(Uuid::from_u128(4)),
            concert_name: Name::new("Winterreise").unwrap(),
            schedule: SCHEDULE,
            starts_at: at(10_000),
        }
    }

    proptest! {
        #[test]
        fn a_wish_is_refused_by_a_look_just_where_nobody_could_be_granted_it(
            seats in seats(),
            numbers in prop::collection::btree_set(1_u8..=7, 1..=4),
            second in prop::sample::select(vec![9, 10, 49, 50, 99, 100, 999, 1_000]),
        ) {
            let numbers: Vec<_> = numbers.into_iter().collect();
            let request = request(&numbers);
            let sales = SalesWindow::stored(at(10), at(1_000));
            let seen = SeatsSeen { sales, seats: seats.clone() };
            let facts = HoldFacts {
                ticket: None,
                recorded: None,
                show: Some((show(), sales)),
                seats: seats.into_iter().filter(|seat| numbers.contains(&seat.number.get())).collect(),
                holds: HoldsSoFar::default(),
            };
            let decision = facts.hold(&request, &HoldPolicy::default(), SOMEBODY, at(second));
            let of_who_holds_nothing = decision.map(|_| ());
            prop_assert_eq!(seen.refuse_lost(&request, at(second)), of_who_holds_nothing);
        }
    }
}
