//! Samples and stand-ins for this crate's tests, beside those that all share.

use chrono::Duration;
use domain::{
    samples::ticket,
    waiting_room::{EndReason, MockRoomMemory, Standing, Ticket, TicketState},
};

pub(crate) use domain::{
    assert_refused,
    samples::{TICKET, USER, at, away, clock, timer},
};

/// The caller's ticket as it was issued.
pub(crate) fn issued() -> Ticket {
    ticket(TicketState::Waiting)
}

/// The caller's turn, until the hundredth second.
pub(crate) fn turn(claimed: bool) -> Ticket {
    ticket(TicketState::Active { expires_at: at(100), claimed })
}

pub(crate) fn ended(reason: EndReason) -> Ticket {
    ticket(TicketState::Ended { reason })
}

/// Where a ticket stands; four are in front of one that waits.
pub(crate) fn standing(ticket: Ticket) -> Standing {
    let ahead = if ticket.state == TicketState::Waiting { 4 } else { 0 };
    let age = Duration::zero();
    Standing {
        ticket,
        ahead,
        there_ahead: ahead,
        waiting: 9,
        admitted_lately: 60,
        claim: Duration::seconds(60),
        age,
    }
}

/// A memory that knows this of the caller's ticket, and places what it is told.
pub(crate) fn knowing(known: Option<Ticket>) -> MockRoomMemory {
    let mut memory = MockRoomMemory::new();
    memory.expect_place().returning(move |asked| {
        assert_eq!(asked, &issued(), "the ticket that is asked for");
        known.map(standing)
    });
    memory.expect_place_told().returning(standing);
    memory
}

/// A memory that catches up just once.
pub(crate) fn catching_up() -> MockRoomMemory {
    let mut memory = MockRoomMemory::new();
    memory.expect_catch_up().times(1).return_const(true);
    memory
}

pub(crate) fn idle() -> MockRoomMemory {
    MockRoomMemory::new()
}
