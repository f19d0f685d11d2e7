//! One owner a seat, at every moment.

use std::collections::HashMap;

use super::{
    case::Case,
    story::Story,
    violation::{Found, Rule, find},
};
use crate::{
    history::{Ask, Call, Code, Id, Moment, ScheduleNumber, SeatSet, Status, Told},
    store::{ReservationRow, SeatRow},
};

/// When a seat was owned, or may have been, in the order of the beginnings.
type Spans = Vec<(Moment, Moment, Id)>;

/// When a seat was whose.
#[derive(Default)]
struct Seat {
    surely: Spans,
    /// Joined where they touch.
    maybe: Spans,
    maybe_sold: Spans,
}

pub(super) fn judge(case: &Case, found: &mut Found) {
    let seats = seats(case);
    for ((schedule, number), seat) in &seats {
        for pair in overlaps(&seat.surely) {
            find(found, Rule::TwoOwners, format!("seat {number} of schedule {schedule}: {pair}"));
        }
    }
    for call in &case.history.calls {
        match (&call.ask, &call.told) {
            (Ask::Seats { schedule }, Told::Seats { available, sold }) => {
                judge_list(case, &seats, call, (*schedule, *available, *sold), found);
            }
            (
                Ask::Hold { schedule, seats: wanted },
                Told::Refused { code: Code::SeatTaken, seats: taken, .. },
            ) => {
                if taken.count() == 0 || taken.0 & !wanted.0 != 0 {
                    find(found, Rule::TakenWhileFree, format!("not of those that were asked for: {call:?}"));
                }
                for number in taken.numbers().filter(|number| is_free(&seats, *schedule, *number, call)) {
                    find(found, Rule::TakenWhileFree, format!("seat {number}: {call:?}"));
                }
            }
            _ => {}
        }
    }
    judge_sold_at_the_end(case, found);
    judge_held_at_the_end(case, found);
}

fn seats(case: &Case) -> HashMap<(ScheduleNumber, u8), Seat> {
    let mut seats: HashMap<_, Seat> = HashMap::new();
    let mut stories: Vec<&Story> = case.stories.values().collect();
    stories.sort_by_key(|story| (story.maybe_owned().0, story.id));
    for story in stories {
        for number in story.seats.numbers() {
            let seat = seats.entry((story.schedule, number)).or_default();
            seat.surely.extend(story.surely_owned().map(|(from, until)| (from, until, story.id)));
            let (from, until) = story.maybe_owned();
            join(&mut seat.maybe, (from, until, story.id));
            if story.payment.is_some() {
                seat.maybe_sold.push((story.paid.asked, until, story.id));
            }
        }
    }
    for seat in seats.values_mut() {
        seat.surely.sort_unstable();
        seat.maybe_sold.sort_unstable();
        let mut joined = vec![];
        seat.maybe_sold.drain(..).for_each(|span| join(&mut joined, span));
        seat.maybe_sold = joined;
    }
    seats
}

/// Adds a span that does not begin before the last one.
fn join(spans: &mut Spans, span: (Moment, Moment, Id)) {
    match spans.last_mut() {
        Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
        _ => spans.push(span),
    }
}

/// Spans that surely overlap.
fn overlaps(spans: &Spans) -> Vec<String> {
    let mut overlaps = vec![];
    let mut longest: Option<(Moment, Moment, Id)> = None;
    for span in spans {
        if let Some(other) = longest.filter(|other| span.0 < other.1) {
            overlaps.push(format!(
                "{:x} {:?} and {:x} {:?}",
                other.2,
                (other.0, other.1),
                span.2,
                (span.0, span.1)
            ));
        }
        if longest.is_none_or(|other| other.1 < span.1) {
            longest = Some(*span);
        }
    }
    overlaps
}

/// Who surely owned a seat during a whole call.
fn owner(seat: &Seat, call: &Call) -> Option<Id> {
    let before = seat.surely.partition_point(|span| span.0 <= call.began);
    let (_, until, owner) = *seat.surely[..before].last()?;
    (call.ended < until).then_some(owner)
}

/// Whether nobody can have owned a seat at any moment of a call.
fn is_free(
    seats: &HashMap<(ScheduleNumber, u8), Seat>,
    schedule: ScheduleNumber,
    number: u8,
    call: &Call,
) -> bool {
    seats.get(&(schedule, number)).is_none_or(|seat| !touches(&seat.maybe, call))
}

/// Whether a call was under way during one of some spans, none of which touch.
fn touches(spans: &Spans, call: &Call) -> bool {
    let before = spans.partition_point(|span| span.0 <= call.ended);
    spans[..before].last().is_some_and(|span| call.began <= span.1)
}

fn judge_list(
    case: &Case,
    seats: &HashMap<(ScheduleNumber, u8), Seat>,
    call: &Call,
    (schedule, available, sold): (ScheduleNumber, SeatSet, SeatSet),
    found: &mut Found,
) {
    for number in 1..=50 {
        let seat = seats.get(&(schedule, number));
        if available.has(number) {
            if let Some(owner) = seat.and_then(|seat| owner(seat, call)) {
                find(
                    found,
                    Rule::ListedWhileOwned,
                    format!("seat {number}: {call:?}: {}", case.trail(owner)),
                );
            }
        } else if is_free(seats, schedule, number, call) {
            find(found, Rule::NotListedWhileFree, format!("seat {number}: {call:?}"));
        }
        if sold.has(number) && !seat.is_some_and(|seat| touches(&seat.maybe_sold, call)) {
            find(found, Rule::SoldWhileNotPaid, format!("seat {number}: {call:?}"));
        }
    }
}

/// The seats' rows and those of the reservations say the same.
fn judge_sold_at_the_end(case: &Case, found: &mut Found) {
    let rows: HashMap<(Id, u8), &SeatRow> =
        case.state.seats.iter().map(|seat| ((seat.schedule, seat.number), seat)).collect();
    let mut sold = 0;
    for row in &case.state.reservations {
        let is_sold = row.status == Status::Paid;
        let marked = if is_sold { row.seats } else { SeatSet::default() };
        if row.sold != marked {
            find(found, Rule::SeatsAtTheEnd, format!("marked as sold: {row:?}"));
        }
        for number in row.seats.numbers().filter(|_| is_sold) {
            sold += 1;
            let seat = rows.get(&(row.schedule, number));
            if !seat.is_some_and(|seat| seat.sold && seat.reservation == row.id) {
                find(found, Rule::SeatsAtTheEnd, format!("{seat:?} is not sold to {row:?}"));
            }
        }
    }
    let marked = case.state.seats.iter().filter(|seat| seat.sold).count();
    if marked != sold {
        find(found, Rule::SeatsAtTheEnd, format!("{marked} seats are sold, {sold} were paid for"));
    }
}

/// A seat that is held is one of a reservation's, which was not given up. One whose hold has run out stays as it is
/// until somebody tidies it.
fn judge_held_at_the_end(case: &Case, found: &mut Found) {
    let reservations: HashMap<Id, &ReservationRow> =
        case.state.reservations.iter().map(|row| (row.id, row)).collect();
    for seat in case.state.seats.iter().filter(|seat| seat.reservation != 0 && !seat.sold) {
        let row = reservations.get(&seat.reservation);
        let is_its_own = |row: &&ReservationRow| row.schedule == seat.schedule && row.seats.has(seat.number);
        if !row.is_some_and(|row| is_its_own(row) && row.status != Status::Cancelled) {
            find(found, Rule::HeldForNobody, format!("{seat:?}, {row:?}"));
        }
    }
}
