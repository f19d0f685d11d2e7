//! A look at the seats of a schedule that all share who want some of them.

use std::time::Duration;

use super::{HoldPolicy, HoldRefused, HoldRequest, hold::refuse};
use crate::{
    catalog::{Occupancy, SalesWindow, SeatNumber, SeatStatus},
    ids::UserId,
    time::Timestamp,
};

/// For how long a look that shows a seat as taken also refuses those who ask after it began. (A lease, as in Gray and
/// Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", 1989, of which nobody
/// is called back: its end is waited for.)
pub const LOOK_LASTS: Duration = Duration::from_millis(20);

/// After how long whoever gives seats or a turn back is told that it is done, or was done already. By then no look lasts
/// that began before, also where one machine's time passes a little faster than another's: so nobody who asks after that
/// was told is refused by a look that does not know of it.
pub const GIVEN_BACK_TOLD_AFTER: Duration = Duration::from_millis(25);

/// By how much the time of two machines may differ that pass the length of a look.
const CLOCKS_DIFFER_BY: Duration = Duration::from_millis(5);

const _: () =
    assert!(GIVEN_BACK_TOLD_AFTER.as_millis() >= LOOK_LASTS.as_millis() + CLOCKS_DIFFER_BY.as_millis());

/// The seats of a schedule as they were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatsSeen {
    /// When they are on sale.
    pub sales: SalesWindow,
    /// All of the schedule's seats, in the order of their numbers.
    pub seats: Vec<SeatSeen>,
}

/// Who had a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatSeen {
    /// The seat.
    pub number: SeatNumber,
    /// Who had it: the reservation.
    pub occupancy: Occupancy,
    /// Who holds it unpaid, or did until the hold ran out.
    pub holder: Option<UserId>,
}

impl SeatsSeen {
    /// Refuses a wish of somebody who asked before the look began, for the reason that [`HoldFacts::hold`](super::HoldFacts::hold) would have told
    /// when they were seen.
    ///
    /// # Errors
    ///
    /// [`HoldRefused`], the first of its reasons in their order.
    pub fn refuse(
        &self,
        request: &HoldRequest,
        policy: &HoldPolicy,
        now: Timestamp,
    ) -> Result<(), HoldRefused> {
        let wanted = self.seats.iter().filter(|seat| request.seats.numbers().contains(&seat.number));
        let wanted: Vec<_> = wanted.map(|seat| (seat.number, seat.occupancy)).collect();
        refuse(request, policy, &wanted, self.held_by(request.user, now), self.sales, now)
    }

    /// Refuses a wish of somebody who asks within [`LOOK_LASTS`] of the beginning of the look: since a seat is somebody's,
    /// for any other reason may be gone.
    ///
    /// # Errors
    ///
    /// [`HoldRefused::SeatTaken`], if that is the first of the reasons.
    pub fn refuse_later(
        &self,
        request: &HoldRequest,
        policy: &HoldPolicy,
        now: Timestamp,
    ) -> Result<(), HoldRefused> {
        self.refuse(request, policy, now).or_else(|refused| match refused {
            HoldRefused::SeatTaken(_) => Err(refused),
            _ => Ok(()),
        })
    }

    /// The seats that somebody had at `now`.
    pub fn taken(&self, now: Timestamp) -> impl Iterator<Item = SeatNumber> + '_ {
        let taken =
            self.seats.iter().filter(move |seat| seat.occupancy.status_at(now) != SeatStatus::Available);
        taken.map(|seat| seat.number)
    }

    fn held_by(&self, user: UserId, now: Timestamp) -> usize {
        let is_own =
            |seat: &&SeatSeen| seat.holder == Some(user) && seat.occupancy.status_at(now) == SeatStatus::Held;
        self.seats.iter().filter(is_own).count()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        catalog::Seat,
        ids::{ConcertId, ReservationId, ScheduleId, SeatId, TicketId},
        money::Money,
        reservation::{HoldFacts, HoldsSoFar, SeatSelection, Show},
        text::Name,
    };

    const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(3));
    const RESERVATION: ReservationId = ReservationId(Uuid::from_u128(9));
    const USER: UserId = UserId(Uuid::from_u128(1));
    const ANOTHER: UserId = UserId(Uuid::from_u128(2));

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    /// Of seven seats some are free, sold, or held until the fiftieth or the hundredth second, by the user or another.
    fn seats() -> impl Strategy<Value = Vec<SeatSeen>> {
        let held = |second| Occupancy::Held { by: RESERVATION, until: at(second) };
        let sold = Occupancy::Sold { to: RESERVATION };
        let had = prop::sample::select(vec![
            (Occupancy::Free, None),
            (held(50), Some(USER)),
            (held(50), Some(ANOTHER)),
            (held(100), Some(USER)),
            (held(100), Some(ANOTHER)),
            (sold, None),
        ]);
        let seen = |(number, (occupancy, holder))| SeatSeen {
            number: SeatNumber::new(number).unwrap(),
            occupancy,
            holder,
        };
        prop::collection::vec(had, 7).prop_map(move |all| (1..).zip(all).map(seen).collect())
    }

    fn seat(seen: &SeatSeen) -> Seat {
        Seat {
            id: SeatId(Uuid::from_u128(seen.number.get().into())),
            schedule: SCHEDULE,
            number: seen.number,
            name: seen.number.seat_name(),
            grade: Name::new("R").unwrap(),
            price: Money::from_units(10),
            occupancy: seen.occupancy,
        }
    }

    fn show() -> Show {
        Show {
            concert: ConcertId(Uuid::from_u128(4)),
            concert_name: Name::new("Winterreise").unwrap(),
            schedule: SCHEDULE,
            starts_at: at(10_000),
        }
    }

    #[test]
    fn a_seat_is_taken_while_it_is_held_and_once_it_is_sold() {
        let had = [
            Occupancy::Free,
            Occupancy::Held { by: RESERVATION, until: at(50) },
            Occupancy::Sold { to: RESERVATION },
        ];
        let seen = |(number, occupancy)| SeatSeen {
            number: SeatNumber::new(number).unwrap(),
            occupancy,
            holder: None,
        };
        let seats = (1..).zip(had).map(seen).collect();
        let seen = SeatsSeen { sales: SalesWindow::stored(at(10), at(1_000)), seats };
        let taken = |second| seen.taken(at(second)).map(SeatNumber::get).collect::<Vec<_>>();
        assert_eq!(taken(49), [2, 3]);
        assert_eq!(taken(50), [3]);
    }

    proptest! {
        #[test]
        fn a_look_refuses_just_what_the_decision_would_refuse_and_later_only_because_a_seat_is_taken(
            seats in seats(),
            numbers in prop::collection::btree_set(1_i64..=8, 1..=5),
            second in prop::sample::select(vec![9, 10, 49, 50, 99, 100, 999, 1_000]),
        ) {
            let numbers: Vec<_> = numbers.into_iter().map(|number| SeatNumber::new(number).unwrap()).collect();
            let ticket = TicketId(Uuid::from_u128(2));
            let wanted = seats.iter().filter(|seen| numbers.contains(&seen.number)).map(seat).collect();
            let request = HoldRequest {
                user: USER,
                ticket,
                schedule: SCHEDULE,
                seats: SeatSelection::new(numbers).unwrap(),
            };
            let sales = SalesWindow::stored(at(10), at(1_000));
            let is_held = |seen: &&SeatSeen| {
                let Occupancy::Held { until, .. } = seen.occupancy else { return false };
                seen.holder == Some(USER) && until > at(second)
            };
            let seats_held = seats.iter().filter(is_held).count();
            let facts = HoldFacts {
                ticket: None,
                recorded: None,
                show: Some((show(), sales)),
                seats: wanted,
                holds: HoldsSoFar { seats_held, holds_made: 3 },
            };
            let policy = HoldPolicy::default();
            let decided = facts.hold(&request, &policy, RESERVATION, at(second)).map(|_| ());
            let seen = SeatsSeen { sales, seats };
            prop_assert_eq!(seen.refuse(&request, &policy, at(second)), decided.clone());
            let is_taken = matches!(decided, Err(HoldRefused::SeatTaken(_)));
            let refused_later = if is_taken { decided } else { Ok(()) };
            prop_assert_eq!(seen.refuse_later(&request, &policy, at(second)), refused_later);
        }
    }
}
