use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    ids::{TicketId, UserId},
    waiting_room::EndReason,
};

fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

fn ticket(number: u64, state: TicketState) -> Ticket {
    let (id, user) = (TicketId(Uuid::from_u128(number.into())), UserId(Uuid::from_u128(1_000)));
    Ticket { id, user, number, issued_at: at(0), state }
}

fn issued(number: u64) -> Ticket {
    ticket(number, TicketState::Waiting)
}

/// What a room is, told without any cleverness.
#[derive(Clone, Debug, Default)]
struct Model {
    tickets: BTreeMap<u64, (TicketState, bool, Option<Timestamp>)>,
    now: i64,
}

#[derive(Clone, Debug)]
enum Change {
    Join,
    Admit(usize),
    PassOver(usize),
    ComeBack(usize),
    Leave(usize),
    TimePasses(i64),
}

impl Model {
    fn nth_waiting(&self, place: usize) -> Option<u64> {
        let waiting: Vec<_> = self.waiting().collect();
        waiting.get(place % waiting.len().max(1)).copied()
    }

    fn waiting(&self) -> impl Iterator<Item = u64> {
        self.tickets
            .iter()
            .filter(|(_, (state, ..))| *state == TicketState::Waiting)
            .map(|(number, _)| *number)
    }

    /// Makes a change; tells whose it was.
    fn make(&mut self, change: &Change) -> Option<u64> {
        let set = |model: &mut Self, number: Option<u64>, state, passed_over, admitted_at| {
            let number = number?;
            model.tickets.insert(number, (state, passed_over, admitted_at));
            Some(number)
        };
        let now = at(self.now);
        match *change {
            Change::Join => {
                let number = u64::try_from(self.tickets.len()).unwrap() + 1;
                self.tickets.insert(number, (TicketState::Waiting, false, None));
                None
            }
            Change::Admit(place) => {
                let turn = TicketState::Active { expires_at: at(self.now + 20), claimed: false };
                set(self, self.nth_waiting(place), turn, false, Some(now))
            }
            Change::PassOver(place) => set(self, self.nth_waiting(place), TicketState::Waiting, true, None),
            Change::ComeBack(place) => set(self, self.nth_waiting(place), TicketState::Waiting, false, None),
            Change::Leave(place) => {
                let number = u64::try_from(place % self.tickets.len().max(1)).unwrap() + 1;
                let (state, _, admitted_at) = *self.tickets.get(&number)?;
                let left = TicketState::Ended { reason: EndReason::Left };
                (!matches!(state, TicketState::Ended { .. }))
                    .then(|| set(self, Some(number), left, false, admitted_at))?
            }
            Change::TimePasses(seconds) => {
                self.now += seconds;
                None
            }
        }
    }

    fn news(&self, number: u64) -> TicketNews {
        let (state, passed_over, admitted_at) = self.tickets[&number];
        TicketNews { ticket: ticket(number, state), passed_over, admitted_at }
    }

    fn reading(&self, contents: RoomContents) -> RoomReading {
        RoomReading {
            mark: RoomMark(self.now.to_string()),
            taken_at: at(self.now),
            policy: RoomPolicy::default(),
            last_number: u64::try_from(self.tickets.len()).unwrap(),
            contents,
        }
    }

    fn whole(&self) -> RoomReading {
        let state = |number: &u64| self.tickets[number];
        let admissions = self.tickets.values().filter_map(|(_, _, admitted_at)| *admitted_at);
        self.reading(RoomContents::Whole {
            waiting: self.waiting().collect(),
            passed_over: self.waiting().filter(|number| state(number).1).collect(),
            turns: (self.tickets.iter())
                .filter(|(_, (state, ..))| matches!(state, TicketState::Active { .. }))
                .map(|(number, (state, ..))| ticket(*number, *state))
                .collect(),
            admitted_at: admissions.filter(|admitted_at| *admitted_at > at(self.now - 60)).collect(),
        })
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Join),
        2 => (0_usize..50).prop_map(Change::Admit),
        1 => (0_usize..50).prop_map(Change::PassOver),
        1 => (0_usize..50).prop_map(Change::ComeBack),
        1 => (0_usize..50).prop_map(Change::Leave),
        1 => (1_i64..30).prop_map(Change::TimePasses),
    ]
}

/// Insists that a view tells of everybody what the model says.
fn expect_agreement(view: &RoomView, model: &Model) {
    let now = at(model.now);
    let waiting: Vec<_> = model.waiting().collect();
    for (number, (state, ..)) in &model.tickets {
        let told = view.place(&issued(*number), now).map(|standing| (standing.ticket.state, standing.ahead));
        let ahead = waiting.iter().filter(|waiting| *waiting < number).count();
        let expected = match state {
            TicketState::Waiting => Some((TicketState::Waiting, u64::try_from(ahead).unwrap())),
            TicketState::Active { .. } => Some((*state, 0)),
            TicketState::Ended { .. } => None,
        };
        assert_eq!(told, expected, "number {number} of {model:?}");
    }
    let (overview, expected) = (view.overview(now), RoomView::of(model.whole()).overview(now));
    assert_eq!(overview, expected, "of {model:?}");
    assert_eq!(overview.waiting, u64::try_from(waiting.len()).unwrap());
}

proptest! {
    #[test]
    fn taking_in_changes_gives_the_view_of_the_whole(
        rounds in proptest::collection::vec(proptest::collection::vec(change(), 0..12), 1..12),
    ) {
        let mut model = Model::default();
        let mut view = RoomView::of(model.whole());
        for changes in rounds {
            let mut changed: Vec<_> = changes.iter().filter_map(|change| model.make(change)).collect();
            changed.sort_unstable();
            changed.dedup();
            let news = changed.into_iter().map(|number| model.news(number)).collect();
            view.take_in(model.reading(RoomContents::Changed(news)));
            expect_agreement(&view, &model);
        }
    }
}

fn room(waiting: u64) -> (Model, RoomView) {
    let mut model = Model::default();
    for _ in 0..waiting {
        model.make(&Change::Join);
    }
    let view = RoomView::of(model.whole());
    (model, view)
}

fn changed(model: &Model, numbers: &[u64]) -> RoomReading {
    model.reading(RoomContents::Changed(numbers.iter().map(|number| model.news(*number)).collect()))
}

#[test]
fn a_ticket_of_another_room_with_a_number_inside_is_not_known() {
    let (mut model, mut view) = room(1);
    model.make(&Change::Admit(0));
    view.take_in(changed(&model, &[1]));
    let other = Ticket { id: TicketId(Uuid::from_u128(99)), ..issued(1) };
    assert_eq!(view.place(&other, at(0)), None);
    assert!(view.place(&issued(1), at(0)).is_some());
}

#[test]
fn those_who_were_passed_over_are_ahead_but_do_not_come_first() {
    let (mut model, mut view) = room(4);
    model.make(&Change::PassOver(0));
    view.take_in(changed(&model, &[1]));
    let place =
        |number| view.place(&issued(number), at(0)).map(|standing| (standing.ahead, standing.there_ahead));
    assert_eq!((place(1), place(2), place(4)), (Some((0, 0)), Some((1, 0)), Some((3, 2))));
    assert_eq!(view.there_up_to(3).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn what_has_happened_is_told_once() {
    let (mut model, mut view) = room(3);
    model.now = 5;
    model.make(&Change::Admit(0));
    model.make(&Change::Join);
    let waited = Duration::seconds(5);
    let events = view.take_in(changed(&model, &[1]));
    assert_eq!(events, [RoomEvent::Joined(1), RoomEvent::Admitted { number: 1, waited }]);
    assert_eq!(view.take_in(changed(&model, &[])), []);
    model.make(&Change::Leave(0));
    let ended = RoomEvent::Ended { number: 1, reason: EndReason::Left };
    assert_eq!(view.take_in(changed(&model, &[1])), [ended]);
    assert_eq!(view.take_in(changed(&model, &[1])), [], "expected no news twice");
}

#[test]
fn whoever_came_and_went_between_two_readings_was_admitted_too() {
    let (mut model, mut view) = room(1);
    model.make(&Change::Admit(0));
    model.make(&Change::Leave(0));
    let waited = Duration::zero();
    let ended = RoomEvent::Ended { number: 1, reason: EndReason::Left };
    assert_eq!(view.take_in(changed(&model, &[1])), [RoomEvent::Admitted { number: 1, waited }, ended]);
    assert_eq!(view.overview(at(0)).admitted_lately, 1);
}

#[test]
fn a_turn_that_has_run_out_frees_its_slot_before_anybody_notes_it() {
    let (mut model, mut view) = room(2);
    model.make(&Change::Admit(0));
    let policy =
        RoomPolicy { max_active: crate::waiting_room::Bounded::new(1).unwrap(), ..RoomPolicy::default() };
    view.take_in(RoomReading { policy, ..changed(&model, &[1]) });
    assert!(!view.may_admit(at(19)), "expected the one slot to be taken");
    assert!(view.may_admit(at(20)));
    assert_eq!((view.overview(at(19)).active, view.overview(at(20)).active), (1, 0));
}

#[test]
fn a_claim_is_taken_in_ahead_of_the_next_reading_and_not_taken_back_by_an_older_answer() {
    let (mut model, mut view) = room(1);
    model.make(&Change::Admit(0));
    view.take_in(changed(&model, &[1]));
    let turn = |seconds, claimed| ticket(1, TicketState::Active { expires_at: at(seconds), claimed });
    let place = |view: &RoomView| view.place(&issued(1), at(0)).unwrap().ticket;
    view.renew_turn(turn(600, true));
    assert_eq!(place(&view), turn(600, true));
    view.renew_turn(turn(20, false));
    assert_eq!(place(&view), turn(600, true));
}

#[test]
fn a_turn_that_is_told_anew_before_it_is_claimed_is_taken_in() {
    let (mut model, mut view) = room(1);
    model.make(&Change::Admit(0));
    view.take_in(changed(&model, &[1]));
    let turn = ticket(1, TicketState::Active { expires_at: at(45), claimed: false });
    view.renew_turn(turn);
    assert_eq!(view.place(&issued(1), at(0)).unwrap().ticket, turn);
}

#[test]
fn nobody_is_to_be_admitted_while_nobody_who_waits_is_there() {
    let (mut model, mut view) = room(1);
    assert!(view.may_admit(at(0)));
    model.make(&Change::PassOver(0));
    view.take_in(changed(&model, &[1]));
    assert!(!view.may_admit(at(0)), "expected nobody to be there");
    model.make(&Change::Leave(0));
    view.take_in(changed(&model, &[1]));
    assert!(!view.may_admit(at(0)), "expected nobody to wait");
}

#[test]
fn a_view_grows_older_and_is_never_of_the_future() {
    let (_, view) = room(1);
    assert_eq!([view.age(at(7)), view.age(at(-7))], [7, 0].map(Duration::seconds));
}

#[test]
fn only_some_are_near_the_front_however_many_wait() {
    let (_, view) = room(300);
    assert_eq!(view.near_up_to(), 101, "expected a hundred in front of the last one who is near");
    assert_eq!(room(7).1.near_up_to(), 7);
    let (mut model, mut view) = room(3);
    model.make(&Change::Leave(0));
    model.make(&Change::Leave(1));
    view.take_in(changed(&model, &[1, 2]));
    assert!(view.nobody_waits_within(1..=2) && !view.nobody_waits_within(2..=3));
    assert!(!view.nobody_waits_within(1..=4), "the fourth may have come by now");
}

#[test]
fn those_who_were_passed_over_take_no_place_near_the_front() {
    let (mut model, mut view) = room(300);
    for _ in 0..10 {
        let next = (1..=300).find(|number| !view.is_passed_over(*number)).unwrap();
        model.make(&Change::PassOver(usize::try_from(next - 1).unwrap()));
        view.take_in(changed(&model, &[next]));
    }
    assert_eq!(view.near_up_to(), 111);
}

#[test]
fn a_ticket_the_view_does_not_know_stands_behind_everybody() {
    let (mut model, mut view) = room(3);
    model.make(&Change::PassOver(0));
    view.take_in(changed(&model, &[1]));
    assert_eq!(view.place(&issued(4), at(0)), None);
    let standing = view.behind_everybody(issued(4), at(0));
    assert_eq!((standing.ahead, standing.there_ahead, standing.waiting), (3, 2, 4));
}

#[test]
fn a_million_who_wait_take_less_than_two_bytes_each() {
    let waiting = (1..=1_000_000_u64).filter(|number| number % 97 != 0).collect::<RoaringTreemap>();
    assert!(waiting.serialized_size() < 2_000_000, "expected less, got {}", waiting.serialized_size());
}
