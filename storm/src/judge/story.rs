//! What became of a reservation, and when: what surely was, and what may have been.

use crate::history::{FanNumber, Id, Moment, NEVER, ScheduleNumber, SeatSet, Status};

/// A change, from when it may have been made until it surely was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// Before it can have been made.
    pub(super) asked: Moment,
    /// When it surely was made; [`NEVER`] if that is not known.
    pub(super) known: Moment,
}

impl Change {
    /// One that nobody has asked for.
    pub(super) const NONE: Self = Self { asked: NEVER, known: NEVER };

    /// The same, if it may also have come of a call.
    pub(super) fn or(self, other: Self) -> Self {
        Self { asked: self.asked.min(other.asked), known: self.known.min(other.known) }
    }
}

/// A reservation that is in the database, and what was done to it.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) id: Id,
    pub(super) owner: FanNumber,
    pub(super) schedule: ScheduleNumber,
    pub(super) seats: SeatSet,
    pub(super) price: i64,
    pub(super) held: Change,
    pub(super) expires: Moment,
    /// What the payment's row says about it; none without one.
    pub(super) payment: Option<Id>,
    pub(super) paid: Change,
    /// Whether the hold was given up, by the reservation's row.
    pub(super) is_cancelled: bool,
    pub(super) cancelled: Change,
    /// Whether it was refunded, by the payment's row.
    pub(super) is_refunded: bool,
    pub(super) refunded: Change,
    pub(super) slack: i64,
}

impl Story {
    /// While its seats surely were its own: while it was held, and while it was paid. A payment that was decided
    /// before the hold ran out is only seen once it is committed, which may be a little later.
    pub(super) fn surely_owned(&self) -> impl Iterator<Item = (Moment, Moment)> {
        let held = (self.held.known, self.surely_held_until());
        let paid = match (self.payment, self.is_refunded) {
            (Some(_), true) => (self.paid.known, self.refunded.asked),
            (Some(_), false) => (self.paid.known, NEVER),
            (None, _) => (NEVER, NEVER),
        };
        let is_one = self.payment.is_some() && paid.0 <= held.1;
        let spans = if is_one { [(held.0, paid.1), (NEVER, NEVER)] } else { [held, paid] };
        spans.into_iter().filter(|(from, until)| from < until)
    }

    /// While its seats may have been its own.
    pub(super) fn maybe_owned(&self) -> (Moment, Moment) {
        let until = match (self.payment, self.is_refunded) {
            (Some(_), true) => self.refunded.known,
            (Some(_), false) => NEVER,
            (None, _) => self.maybe_held_until(),
        };
        (self.held.asked, until)
    }

    /// While it surely was a hold that was not paid.
    pub(super) fn surely_unpaid(&self) -> (Moment, Moment) {
        let paid = if self.payment.is_some() { self.paid.asked } else { NEVER };
        (self.held.known, self.surely_held_until().min(paid))
    }

    /// While it may have been a hold that was not paid.
    pub(super) fn maybe_unpaid(&self) -> (Moment, Moment) {
        let paid = if self.payment.is_some() { self.paid.known } else { NEVER };
        (self.held.asked, self.maybe_held_until().min(paid))
    }

    fn surely_held_until(&self) -> Moment {
        let cancelled = if self.is_cancelled { self.cancelled.asked } else { NEVER };
        (self.expires - self.slack).min(cancelled)
    }

    fn maybe_held_until(&self) -> Moment {
        let cancelled = if self.is_cancelled { self.cancelled.known } else { NEVER };
        (self.expires + self.slack).min(cancelled)
    }

    /// Whether it may have had a status at some moment of a call.
    pub(super) fn may_be(&self, status: Status, began: Moment, ended: Moment) -> bool {
        match status {
            Status::Reserved => {
                let (from, until) = self.maybe_unpaid();
                from <= ended && began <= until
            }
            Status::Paid => {
                let until = if self.is_refunded { self.refunded.known } else { NEVER };
                self.payment.is_some() && self.paid.asked <= ended && began <= until
            }
            Status::Cancelled => {
                (self.is_cancelled && self.cancelled.asked <= ended)
                    || (self.is_refunded && self.refunded.asked <= ended)
            }
            Status::Expired => {
                // What was decided before the hold ran out may be committed a little later.
                let until = match (self.payment, self.is_cancelled) {
                    (Some(_), _) => self.paid.known,
                    (None, true) => self.cancelled.known,
                    (None, false) => NEVER,
                };
                self.expires - self.slack <= ended && began <= until
            }
        }
    }
}
