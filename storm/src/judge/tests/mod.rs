//! Whether the judge finds what is wrong: a sound history breaks no rule, and for each rule there is a history with a
//! fault that breaks it.

mod faults;
mod world;

use std::collections::BTreeSet;

use super::Rule;
use faults::FAULTS;
use world::World;

#[test]
fn a_sound_history_breaks_no_rule() {
    let violations = World::sound().judge();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn every_rule_finds_the_fault_that_breaks_it() {
    for (rule, fault) in FAULTS {
        let mut world = World::sound();
        fault(&mut world);
        let broken: BTreeSet<_> = world.judge().iter().map(|violation| violation.rule).collect();
        assert!(broken.contains(rule), "{rule:?} finds nothing, only {broken:?} do");
    }
}

#[test]
fn every_rule_has_a_fault() {
    let tried: BTreeSet<_> = FAULTS.iter().map(|(rule, _)| *rule).collect();
    let all: BTreeSet<_> = Rule::ALL.iter().copied().collect();
    assert_eq!(tried, all, "the rules with a fault (left) are all rules (right)");
}

/// A judge that cries wolf is of no use either: what may have been is no violation.
mod what_may_have_been {
    use super::world::{World, at};
    use crate::history::{Ask, Code, SeatSet, Status, TicketStatus, Told};

    #[test]
    fn a_cut_hold_may_be_there_or_not() {
        let ask = Ask::Hold { schedule: 0, seats: SeatSet::of(&[20]) };
        let mut world = World::sound();
        world.call(0, ask, Told::Unknown, at(260, 270));
        world.assert_sound();
        world.add_reservation(209, 0, SeatSet::of(&[20]), at(260, 270));
        world.assert_sound();
    }

    #[test]
    fn a_cut_charge_may_be_seen_or_not() {
        let mut world = World::sound();
        world.call(0, Ask::Charge { owner: 0, amount: 7 }, Told::Unknown, at(1_200, 1_210));
        world.call(0, Ask::Balance { owner: 0 }, Told::Balance(50_000), at(1_220, 1_230));
        world.assert_sound();
        world.add_entry(109, 0, crate::store::EntryKind::Charge, 7, 0);
        world.assert_sound();
        world.call(0, Ask::Balance { owner: 0 }, Told::Balance(50_007), at(1_240, 1_250));
        world.assert_sound();
    }

    #[test]
    fn a_payment_may_show_only_after_its_hold_ran_out() {
        // Seats 1 and 2 were refunded by then.
        let all = (1..=50).fold(SeatSet::default(), SeatSet::with);
        let but_5 = SeatSet(all.0 & !SeatSet::of(&[5]).0);
        let mut world = World::sound();
        world.charge(1, 109, 50_000, 9, at(415, 425));
        world.hold(1, 209, &[5], at(440, 450));
        world.add_ticket(1, 4);
        world.call(1, Ask::Join, World::ticket(4, TicketStatus::Waiting, None, true), at(426, 430));
        world.pay(1, 209, 309, 4, at(3_300, 3_600));
        world.list(but_5, SeatSet::of(&[5]), at(3_560, 3_570));
        world.list(all, SeatSet::default(), at(3_550, 3_560));
        world.assert_sound();
        world.list(all, SeatSet::default(), at(3_700, 3_710));
        assert_eq!(world.judge().len(), 1, "{:#?}", world.judge());
    }

    #[test]
    fn a_seat_may_be_taken_or_free_while_its_hold_runs_out() {
        let ask = Ask::Hold { schedule: 0, seats: SeatSet::of(&[4]) };
        let mut world = World::sound();
        let told = World::refused(409, Code::SeatTaken, SeatSet::of(&[4]));
        world.call(0, ask, told, at(3_290, 3_300));
        world.assert_sound();
        world.hold(0, 209, &[4], at(3_300, 3_310));
        world.assert_sound();
    }

    #[test]
    fn a_hold_that_ran_out_keeps_its_seats_until_they_are_tidied() {
        let mut world = World::sound();
        assert_eq!(world.seat(4).reservation, 203, "it ran out, and nobody has tidied it");
        world.reservation(203).status = Status::Expired;
        world.assert_sound();
        world.free(203);
        world.assert_sound();
    }

    #[test]
    fn an_answer_may_take_as_long_as_promised_and_a_cut_call_any_time() {
        let mut world = World::sound();
        world.call(1, Ask::Payments, Told::Payments([].into()), at(5_000, 15_000));
        world.call(1, Ask::Payments, Told::Unknown, at(5_000, 30_000));
        world.assert_sound();
    }
}
