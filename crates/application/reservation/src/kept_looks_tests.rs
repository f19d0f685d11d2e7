use domain::catalog::SalesWindow;

use super::*;
use crate::samples::{SCHEDULE, at};

/// A look that is told from others by when sales end.
fn look(number: i64) -> Arc<SeatsSeen> {
    Arc::new(SeatsSeen { sales: SalesWindow::stored(at(0), at(number)), seats: vec![] })
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Looks of which one began at 100 ms.
fn kept() -> KeptLooks {
    let looks = KeptLooks::default();
    looks.keep(SCHEDULE, millis(100), look(1), millis(103));
    looks
}

#[test]
fn a_look_lasts_from_its_beginning_on() {
    let looks = kept();
    assert_eq!(looks.get(SCHEDULE, millis(109)), Some(look(1)));
    assert_eq!(looks.get(SCHEDULE, millis(119)), None, "the one who looks anew");
    assert_eq!(looks.get(SCHEDULE, millis(119)), Some(look(1)));
    assert_eq!(looks.get(SCHEDULE, millis(120)), None, "it lasts no longer");
    assert_eq!(looks.get(ScheduleId(uuid::Uuid::nil()), millis(109)), None, "another schedule");
}

#[test]
fn one_alone_looks_anew_when_half_of_its_time_is_over() {
    let looks = kept();
    let told: Vec<_> = (0..5).map(|_| looks.get(SCHEDULE, millis(110)).is_some()).collect();
    assert_eq!(told, [false, true, true, true, true]);
    looks.keep(SCHEDULE, millis(110), look(2), millis(112));
    assert_eq!(looks.get(SCHEDULE, millis(112)), Some(look(2)));
    assert_eq!(looks.get(SCHEDULE, millis(120)), None, "the one who looks anew, again");
}

#[test]
fn a_look_that_began_earlier_does_not_take_the_place_of_a_later_one() {
    let looks = kept();
    looks.keep(SCHEDULE, millis(99), look(2), millis(104));
    assert_eq!(looks.get(SCHEDULE, millis(104)), Some(look(1)));
}

#[test]
fn a_look_that_began_before_all_were_forgotten_is_not_kept_after_it() {
    let looks = kept();
    looks.forget(SCHEDULE, millis(105));
    assert_eq!(looks.get(SCHEDULE, millis(105)), None);
    looks.keep(SCHEDULE, millis(104), look(2), millis(106));
    assert_eq!(looks.get(SCHEDULE, millis(106)), None);
    looks.keep(SCHEDULE, millis(105), look(3), millis(107));
    assert_eq!(looks.get(SCHEDULE, millis(107)), Some(look(3)));
}

#[test]
fn what_does_not_last_any_more_takes_no_memory() {
    let looks = kept();
    looks.keep(ScheduleId(uuid::Uuid::nil()), millis(121), look(2), millis(122));
    assert_eq!(looks.lock().len(), 1, "looks that are kept");
    looks.forget(SCHEDULE, millis(142));
    assert_eq!(looks.lock().len(), 1, "dates that are kept, of which nobody looks at one");
}
