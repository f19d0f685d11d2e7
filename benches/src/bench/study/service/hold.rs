//! Holding a seat.

use adapter_persistence::Ports;
use domain::{
    catalog::SeatNumber,
    commit::{Commit, until_not_stale},
    ids::{ReservationId, ScheduleId, TicketId, UserId},
    reservation::{HoldPolicy, HoldRefused, HoldRequest, SeatSelection, SeatsHeld},
    waiting_room::require_turn,
};
use encore_benches::generator::{Attempt, Told};
use uuid::Uuid;

use super::NotDone;
use crate::study::holds::Wish;

/// Holds a seat.
pub(in crate::study) async fn hold(ports: &Ports, wish: &Wish) -> Attempt {
    let number = SeatNumber::new(wish.seat.into()).expect("a seat's number");
    let request = HoldRequest {
        user: UserId(wish.user),
        ticket: TicketId(wish.ticket),
        schedule: ScheduleId(wish.schedule),
        seats: SeatSelection::new(vec![number]).expect("one seat"),
    };
    let mut tries = 0;
    let done = until_not_stale(|| {
        tries += 1;
        try_hold(ports, &request)
    });
    let told = match done.await.map_err(NotDone::refusal) {
        Ok(()) => Told::Made,
        Err(HoldRefused::SeatTaken(_)) => Told::Refused,
        Err(unexpected) => panic!("expected a taken seat at worst: {unexpected}"),
    };
    Attempt { told, retries: tries - 1 }
}

async fn try_hold(ports: &Ports, request: &HoldRequest) -> Result<Commit<()>, NotDone<HoldRefused>> {
    let now = ports.clock.now();
    let facts = ports.inventory.load_for_hold(request, None, now).await?;
    require_turn(facts.ticket.as_ref(), now).expect("everybody's turn lasts");
    let id = ReservationId(Uuid::now_v7());
    let reservation = facts.hold(request, &HoldPolicy::default(), id, now).map_err(NotDone::Refused)?;
    let held =
        SeatsHeld { ticket: request.ticket, reservation, holds_made: facts.holds.holds_made, keyed: None };
    Ok(ports.inventory.commit_hold(&held).await?)
}
