//! Holding seats: the rules, and the decision they lead to.

use chrono::Duration;

use super::{Reservation, ReservationStatus, ReservedSeat, Show};
use crate::{
    catalog::{Occupancy, SalesWindow, Seat, SeatNumber, SeatStatus},
    idempotency::{Fingerprint, IdempotencyRecord, KeyedRequest},
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    time::Timestamp,
    waiting_room::Ticket,
};

/// How long and how much may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldPolicy {
    /// How long seats are held.
    pub hold_time: Duration,
    /// The most unpaid seats of one schedule a user holds at a time, over all reservations.
    pub seats_at_most: usize,
}

impl Default for HoldPolicy {
    /// Four seats for five minutes.
    fn default() -> Self {
        Self { hold_time: Duration::minutes(5), seats_at_most: 4 }
    }
}

/// The seats somebody wants: at least one, each once, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatSelection(Vec<SeatNumber>);

/// Why a wish for seats was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeatSelectionError {
    /// No seat at all.
    #[error("must name at least one seat")]
    Empty,
    /// A seat was named more than once.
    #[error("must not name seat {0} twice")]
    Twice(u8),
}

impl SeatSelection {
    /// Checks a wish for seats, and sorts it: seats are locked in the order of their numbers, so that no two
    /// requests wait for each other.
    ///
    /// # Errors
    ///
    /// [`SeatSelectionError`] when no seat is named, or one twice.
    pub fn new(mut numbers: Vec<SeatNumber>) -> Result<Self, SeatSelectionError> {
        numbers.sort_unstable();
        if let Some(twice) =
            numbers.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first()))
        {
            return Err(SeatSelectionError::Twice(twice.map_or(0, |number| number.get())));
        }
        if numbers.is_empty() { Err(SeatSelectionError::Empty) } else { Ok(Self(numbers)) }
    }

    /// The numbers, in order.
    #[must_use]
    pub fn numbers(&self) -> &[SeatNumber] {
        &self.0
    }
}

/// Somebody's wish to hold seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequest {
    /// Who.
    pub user: UserId,
    /// With which ticket.
    pub ticket: TicketId,
    /// Seats of which schedule.
    pub schedule: ScheduleId,
    /// Which seats.
    pub seats: SeatSelection,
}

impl HoldRequest {
    /// What is asked, in one spelling.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let numbers: Vec<_> = self.seats.numbers().iter().map(|number| number.get().to_string()).collect();
        Fingerprint(format!("schedule={} seats={}", self.schedule, numbers.join(",")))
    }
}

/// What a decision about holding seats is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldFacts {
    /// The caller's ticket; none when there is no such ticket.
    pub ticket: Option<Ticket>,
    /// What is stored under the caller's key.
    pub recorded: Option<IdempotencyRecord>,
    /// What the seats are for and when they are on sale; none when there is no such schedule.
    pub show: Option<(Show, SalesWindow)>,
    /// Those of the wanted seats that exist, in the order of their numbers.
    pub seats: Vec<Seat>,
    /// What the user holds already.
    pub holds: HoldsSoFar,
}

/// What a user holds already, as of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldsSoFar {
    /// Unpaid seats of the schedule.
    pub seats_held: usize,
    /// How many holds of the schedule the user ever made: what tells that another one came in between.
    pub holds_made: i64,
}

/// Why seats were not held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldRefused {
    /// There is no such schedule.
    #[error("there is no such schedule")]
    ScheduleNotFound,
    /// The schedule has no seats of these numbers.
    #[error("the schedule has no such seat")]
    SeatNotFound(Vec<SeatNumber>),
    /// The user would hold more unpaid seats of the schedule than the policy allows.
    #[error("at most {at_most} unpaid seats of a schedule can be held")]
    SeatLimitReached {
        /// How many are allowed.
        at_most: usize,
    },
    /// The schedule is not on sale.
    #[error("the schedule is not on sale")]
    ScheduleClosed,
    /// These seats are held or sold.
    #[error("a seat is taken")]
    SeatTaken(Vec<SeatNumber>),
}

/// The decision to hold seats. It may be committed only while all of this is true:
/// the ticket's turn is live; the schedule is on sale; each seat is free, or its hold has run out;
/// `holds_made` is unchanged; the key is unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatsHeld {
    /// The ticket whose turn it has to be.
    pub ticket: TicketId,
    /// The reservation to store, with the seats it holds.
    pub reservation: Reservation,
    /// What [`HoldsSoFar::holds_made`] said.
    pub holds_made: i64,
    /// The key to store with it.
    pub keyed: Option<KeyedRequest>,
}

impl HoldFacts {
    /// Decides whether the seats are held: all of them or none. That it is the caller's turn is for
    /// [`crate::waiting_room::require_turn`] to say.
    ///
    /// # Errors
    ///
    /// [`HoldRefused`], the first of its reasons in their order.
    pub fn hold(
        &self,
        request: &HoldRequest,
        policy: &HoldPolicy,
        id: ReservationId,
        now: Timestamp,
    ) -> Result<Reservation, HoldRefused> {
        let (show, sales) = self.show.as_ref().ok_or(HoldRefused::ScheduleNotFound)?;
        let seats = self.seats.iter().map(|seat| (seat.number, seat.occupancy)).collect::<Vec<_>>();
        refuse(request, policy, &seats, self.holds.seats_held, *sales, now)?;
        Ok(Reservation {
            id,
            user: request.user,
            show: show.clone(),
            seats: self.seats.iter().map(reserved).collect(),
            total_price: self.seats.iter().map(|seat| seat.price).sum(),
            status: ReservationStatus::Reserved,
            reserved_at: now,
            expires_at: now + policy.hold_time,
        })
    }
}

/// Refuses a wish that can not be granted. `seats` are those of the wanted that there are.
pub(super) fn refuse(
    request: &HoldRequest,
    policy: &HoldPolicy,
    seats: &[(SeatNumber, Occupancy)],
    seats_held: usize,
    sales: SalesWindow,
    now: Timestamp,
) -> Result<(), HoldRefused> {
    let exists = |number: &SeatNumber| seats.iter().any(|(seat, _)| seat == number);
    let missing: Vec<_> = request.seats.numbers().iter().copied().filter(|number| !exists(number)).collect();
    if !missing.is_empty() {
        return Err(HoldRefused::SeatNotFound(missing));
    }
    if seats_held + seats.len() > policy.seats_at_most {
        return Err(HoldRefused::SeatLimitReached { at_most: policy.seats_at_most });
    }
    if !sales.is_open_at(now) {
        return Err(HoldRefused::ScheduleClosed);
    }
    let is_taken = |occupancy: &Occupancy| occupancy.status_at(now) != SeatStatus::Available;
    let taken: Vec<_> =
        seats.iter().filter(|(_, occupancy)| is_taken(occupancy)).map(|seat| seat.0).collect();
    if taken.is_empty() { Ok(()) } else { Err(HoldRefused::SeatTaken(taken)) }
}

fn reserved(seat: &Seat) -> ReservedSeat {
    ReservedSeat {
        number: seat.number,
        name: seat.name.clone(),
        grade: seat.grade.clone(),
        price: seat.price,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        ids::{ConcertId, SeatId},
        money::Money,
        text::Name,
    };

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    fn number(number: u8) -> SeatNumber {
        SeatNumber::new(number.into()).unwrap()
    }

    fn request(numbers: &[u8]) -> HoldRequest {
        HoldRequest {
            user: UserId(Uuid::from_u128(1)),
            ticket: TicketId(Uuid::from_u128(2)),
            schedule: ScheduleId(Uuid::from_u128(3)),
            seats: SeatSelection::new(numbers.iter().copied().map(number).collect()).unwrap(),
        }
    }

    fn seat(seat: u8, occupancy: Occupancy) -> Seat {
        Seat {
            id: SeatId(Uuid::from_u128(seat.into())),
            schedule: ScheduleId(Uuid::from_u128(3)),
            number: number(seat),
            name: number(seat).seat_name(),
            grade: Name::new("R").unwrap(),
            price: Money::from_units(i32::from(seat)),
            occupancy,
        }
    }

    /// A schedule on sale from 10 to 1,000 seconds, of which the caller holds nothing yet.
    fn facts(seats: Vec<Seat>) -> HoldFacts {
        let show = Show {
            concert: ConcertId(Uuid::from_u128(4)),
            concert_name: Name::new("Concert").unwrap(),
            schedule: ScheduleId(Uuid::from_u128(3)),
            starts_at: at(1_000),
        };
        HoldFacts {
            ticket: None,
            recorded: None,
            show: Some((show, SalesWindow::stored(at(10), at(1_000)))),
            seats,
            holds: HoldsSoFar::default(),
        }
    }

    fn hold(facts: &HoldFacts, numbers: &[u8], second: i64) -> Result<Reservation, HoldRefused> {
        facts.hold(&request(numbers), &HoldPolicy::default(), ReservationId(Uuid::from_u128(9)), at(second))
    }

    fn held_until(second: i64) -> Occupancy {
        Occupancy::Held { by: ReservationId(Uuid::from_u128(8)), until: at(second) }
    }

    #[test]
    fn free_seats_are_held_for_five_minutes_at_todays_price() {
        let facts = facts(vec![seat(1, Occupancy::Free), seat(2, Occupancy::Free)]);
        let reservation = hold(&facts, &[2, 1], 100).unwrap();
        assert_eq!(reservation.expires_at, at(400));
        assert_eq!(reservation.total_price, Money::from_units(3));
        assert_eq!(reservation.seats.iter().map(|seat| seat.number.get()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn one_taken_seat_spoils_the_whole_hold() {
        let facts = facts(vec![seat(1, Occupancy::Free), seat(2, held_until(200)), seat(3, Occupancy::Free)]);
        assert_eq!(hold(&facts, &[1, 2, 3], 100), Err(HoldRefused::SeatTaken(vec![number(2)])));
    }

    #[test]
    fn a_seat_whose_hold_ran_out_this_instant_is_free() {
        let facts = facts(vec![seat(2, held_until(100))]);
        assert!(hold(&facts, &[2], 100).is_ok());
    }

    #[test]
    fn seats_the_schedule_left_out_are_named() {
        let facts = facts(vec![seat(1, Occupancy::Free)]);
        assert_eq!(hold(&facts, &[1, 7], 100), Err(HoldRefused::SeatNotFound(vec![number(7)])));
    }

    #[test]
    fn a_schedule_is_closed_before_and_after_its_sales() {
        let facts = facts(vec![seat(1, Occupancy::Free)]);
        for second in [9, 1_000] {
            assert_eq!(hold(&facts, &[1], second), Err(HoldRefused::ScheduleClosed), "at {second} seconds");
        }
    }

    #[test]
    fn of_several_reasons_what_is_missing_comes_first_then_the_limit_then_what_others_have() {
        let sold = Occupancy::Sold { to: ReservationId(Uuid::from_u128(9)) };
        let held_already = |seats_held| HoldFacts {
            holds: HoldsSoFar { seats_held, holds_made: 0 },
            ..facts(vec![seat(1, sold), seat(2, Occupancy::Free)])
        };
        let refused = |seats_held, numbers: &[u8], second| hold(&held_already(seats_held), numbers, second);
        assert_eq!(refused(4, &[1, 2, 7], 1_000), Err(HoldRefused::SeatNotFound(vec![number(7)])));
        assert_eq!(refused(3, &[1, 2], 1_000), Err(HoldRefused::SeatLimitReached { at_most: 4 }));
        assert_eq!(refused(2, &[1, 2], 1_000), Err(HoldRefused::ScheduleClosed));
        assert_eq!(refused(2, &[1, 2], 100), Err(HoldRefused::SeatTaken(vec![number(1)])));
    }

    #[test]
    fn an_unknown_schedule_is_refused_first() {
        let facts = HoldFacts { show: None, ..facts(vec![]) };
        assert_eq!(hold(&facts, &[1], 100), Err(HoldRefused::ScheduleNotFound));
    }

    #[test]
    fn a_wish_for_no_seat_or_for_one_twice_is_refused() {
        assert_eq!(SeatSelection::new(vec![]), Err(SeatSelectionError::Empty));
        let twice = SeatSelection::new(vec![number(3), number(1), number(3)]);
        assert_eq!(twice, Err(SeatSelectionError::Twice(3)));
    }

    #[test]
    fn the_order_in_which_seats_are_named_does_not_make_another_request() {
        assert_eq!(request(&[3, 1]).fingerprint(), request(&[1, 3]).fingerprint());
        assert_ne!(request(&[3, 1]).fingerprint(), request(&[31]).fingerprint());
    }

    proptest! {
        #[test]
        fn nobody_holds_more_unpaid_seats_than_the_policy_allows(wanted in 1_u8..=8, held in 0_usize..=6) {
            let numbers: Vec<_> = (1..=wanted).collect();
            let seats = numbers.iter().map(|number| seat(*number, Occupancy::Free)).collect();
            let facts = HoldFacts { holds: HoldsSoFar { seats_held: held, holds_made: 0 }, ..facts(seats) };
            let refused = Err(HoldRefused::SeatLimitReached { at_most: 4 });
            let answer = hold(&facts, &numbers, 100).map(|reservation| reservation.seats.len());
            let expected = if held + numbers.len() <= 4 { Ok(numbers.len()) } else { refused };
            prop_assert_eq!(answer, expected);
        }
    }
}
