//! Whether those who wait are still there.
//!
//! Instances remember who asked when. For those near the front they tell the store in a roll call now and then,
//! and only if the store would otherwise believe that somebody is gone: presence costs no write a question.

use std::ops::RangeInclusive;

use chrono::Duration;

use super::LATEST;
use crate::{ids::TicketId, time::Timestamp};

/// Silence for which nobody is passed over, however often they were told to ask.
const SHORTEST_GRACE: Duration = Duration::seconds(60);
/// How long whoever comes near the front is believed to be there: long enough that those who asked an instance
/// that is gone have asked another, which has called the roll.
const NEWLY_NEAR: Duration = Duration::seconds(40);
/// An instance's roll call that is older has been missed: nobody knows any more who asked since.
const MISSED: Duration = Duration::seconds(10);
/// How long before somebody would be believed to be gone the store is told otherwise: so long that whoever asked
/// an instance that is gone has asked another meanwhile.
const TOLD_BEFORE: Duration = Duration::seconds(45);
/// How often each instance calls the roll.
pub const ROLL_CALL_EVERY: Duration = Duration::seconds(2);

/// Until when somebody is believed to be there who asked at `asked_at` and was told to ask again after `told`.
#[must_use]
pub fn present_until(asked_at: Timestamp, told: Duration) -> Timestamp {
    asked_at + SHORTEST_GRACE.max(told * 3)
}

/// Until when whoever joins is believed to be there, without another word.
#[must_use]
pub fn newcomer_present_until(issued_at: Timestamp) -> Timestamp {
    issued_at + SHORTEST_GRACE
}

/// Until when those who have come near the front are believed to be there at least.
#[must_use]
pub fn newly_near_present_until(now: Timestamp) -> Timestamp {
    now + NEWLY_NEAR
}

/// Whether the store is to be told that somebody is there until `present_until`, if it was told `told` last:
/// of everybody once, and then shortly before it would believe otherwise.
#[must_use]
pub fn is_to_be_told(present_until: Timestamp, told: Option<Timestamp>, now: Timestamp) -> bool {
    present_until > now && told.is_none_or(|told| told < present_until && told - TOLD_BEFORE <= now)
}

/// How many of those who wait are near the front: as many as will be admitted within three minutes if it goes
/// on as in the last one, and never so many that their presence costs more than a glance.
#[must_use]
pub fn near_the_front(admitted_lately: u64) -> u64 {
    admitted_lately.saturating_mul(3).clamp(100, 5_000)
}

/// Somebody who waits is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The ticket's number.
    pub number: u64,
    /// Until when it is believed.
    pub present_until: Timestamp,
}

/// What an instance tells the store of those near the front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollCall {
    /// Who is there.
    pub signs: Vec<Sign>,
    /// The last number that is near the front, as the instance sees it.
    pub near_up_to: u64,
}

impl RollCall {
    /// What both tell.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.signs.extend(other.signs);
        Self { near_up_to: self.near_up_to.max(other.near_up_to), ..self }
    }
}

/// What the store knows of the roll calls of all instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollKept {
    /// When the last one was; none before the first.
    pub called_at: Option<Timestamp>,
    /// Up to which number presence is known; those behind are believed to be there.
    pub up_to: u64,
}

impl RollKept {
    /// The same after another roll call, when `last_number` was the last handed out; and the numbers that have
    /// come near with it.
    ///
    /// When one was missed, nobody is known to be there or gone, and the roll begins anew.
    #[must_use]
    pub fn called(self, near_up_to: u64, last_number: u64, now: Timestamp) -> (Self, RangeInclusive<u64>) {
        let near_up_to = near_up_to.min(last_number);
        let up_to = if self.is_kept_at(now) { self.up_to } else { 0 };
        // Nobody tells of those who are no longer near: they are believed to be there again.
        (Self { called_at: Some(now), up_to: near_up_to }, up_to + 1..=near_up_to)
    }

    /// Whether the roll is kept without a break at `now`.
    #[must_use]
    pub fn is_kept_at(&self, now: Timestamp) -> bool {
        self.called_at.is_some_and(|called_at| now - called_at <= MISSED)
    }

    /// Whether somebody with this number, who is believed to be there until `present_until`, is passed over
    /// at `now`. In doubt nobody is.
    #[must_use]
    pub fn passes_over(&self, number: u64, present_until: Timestamp, now: Timestamp) -> bool {
        self.is_kept_at(now) && number <= self.up_to && present_until <= now
    }
}

/// Somebody who waits, as far as an admission has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: u64,
    /// Until when its owner is believed to be there.
    pub present_until: Timestamp,
}

/// What an admission makes of those who wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdmissionChoice {
    /// Those whose turn it is now, in the order of their numbers.
    pub admitted: Vec<TicketId>,
    /// Those in front of the last of them who are passed over because they are gone.
    pub passed_over: Vec<TicketId>,
}

impl RollKept {
    /// Chooses `admissible` of those who wait, who are given in the order of their numbers: first come first, but for
    /// those who are gone. Whoever stands behind the last who is admitted is left alone.
    #[must_use]
    pub fn choose(
        &self,
        candidates: impl IntoIterator<Item = Candidate>,
        admissible: u64,
        now: Timestamp,
    ) -> AdmissionChoice {
        let mut chosen = AdmissionChoice::default();
        for Candidate { ticket, number, present_until } in candidates {
            if u64::try_from(chosen.admitted.len()).is_ok_and(|count| count >= admissible) {
                break;
            }
            let is_gone = self.passes_over(number, present_until, now);
            let place = if is_gone { &mut chosen.passed_over } else { &mut chosen.admitted };
            place.push(ticket);
        }
        chosen
    }
}

const _: () = assert!(TOLD_BEFORE.num_seconds() >= LATEST.num_seconds() + MISSED.num_seconds());
const _: () = assert!(NEWLY_NEAR.num_seconds() >= LATEST.num_seconds() + MISSED.num_seconds());

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Utc.timestamp_opt(second, 0).unwrap()
    }

    fn candidate(number: u64, present_until: Timestamp) -> Candidate {
        Candidate { ticket: ticket(number), number, present_until }
    }

    fn ticket(number: u64) -> TicketId {
        TicketId(uuid::Uuid::from_u128(number.into()))
    }

    #[test]
    fn first_come_are_first_admitted_but_for_those_who_are_gone_and_those_behind_are_left_alone() {
        let roll = RollKept { called_at: Some(at(100)), up_to: 10 };
        let (there, gone) = (at(200), at(50));
        let waiting = [(1, there), (2, gone), (3, there), (4, gone), (5, there)];
        let choose = |admissible| {
            let candidates = waiting.map(|(number, present_until)| candidate(number, present_until));
            let AdmissionChoice { admitted, passed_over } = roll.choose(candidates, admissible, at(101));
            (admitted, passed_over)
        };
        assert_eq!(choose(0), (vec![], vec![]), "nobody may enter");
        assert_eq!(choose(1), (vec![ticket(1)], vec![]), "one may enter");
        assert_eq!(choose(2), (vec![ticket(1), ticket(3)], vec![ticket(2)]), "two may enter");
        assert_eq!(choose(9), ([1, 3, 5].map(ticket).to_vec(), [2, 4].map(ticket).to_vec()), "all may enter");
    }

    #[test]
    fn silence_is_forgiven_for_a_minute_or_three_times_what_was_told() {
        assert_eq!(present_until(at(0), Duration::seconds(1)), at(60));
        assert_eq!(present_until(at(0), Duration::seconds(30)), at(90));
    }

    #[test]
    fn whoever_was_silent_too_long_is_passed_over_while_the_roll_is_kept() {
        let kept = RollKept { called_at: Some(at(100)), up_to: 7 };
        assert!(kept.passes_over(7, at(101), at(101)));
        assert!(!kept.passes_over(7, at(102), at(101)), "still believed to be there");
        assert!(!kept.passes_over(8, at(50), at(101)), "behind those whose presence is known");
        assert!(!kept.passes_over(7, at(101), at(111)), "a roll call was missed");
        assert!(!RollKept::default().passes_over(0, at(0), at(1)), "no roll was ever called");
    }

    #[test]
    fn a_missed_roll_call_makes_it_begin_anew() {
        let kept = |up_to, second| RollKept { called_at: Some(at(second)), up_to };
        assert_eq!(RollKept::default().called(50, 90, at(100)), (kept(50, 100), 1..=50));
        assert_eq!(kept(50, 100).called(60, 90, at(110)), (kept(60, 110), 51..=60));
        let (fewer, newly_near) = kept(60, 110).called(40, 90, at(120));
        assert_eq!((fewer, newly_near.count()), (kept(40, 120), 0), "fewer are near");
        assert_eq!(kept(40, 120).called(60, 90, at(122)), (kept(60, 122), 41..=60), "they come near anew");
        assert_eq!(kept(60, 120).called(30, 90, at(131)), (kept(30, 131), 1..=30), "one was missed");
    }

    #[test]
    fn nobody_is_near_who_has_not_come_yet() {
        let (kept, newly_near) = RollKept::default().called(50, 20, at(100));
        assert_eq!((kept.up_to, newly_near), (20, 1..=20));
    }

    #[test]
    fn the_store_is_told_only_shortly_before_it_would_believe_otherwise() {
        assert!(is_to_be_told(at(90), None, at(30)));
        assert!(!is_to_be_told(at(90), Some(at(60)), at(14)), "there is time");
        assert!(is_to_be_told(at(90), Some(at(60)), at(15)));
        assert!(!is_to_be_told(at(60), Some(at(60)), at(59)), "nothing new");
        assert!(!is_to_be_told(at(60), None, at(60)), "nobody is believed to be there any more");
    }

    #[test]
    fn whoever_joins_is_believed_to_be_there_for_a_minute_and_whoever_comes_near_for_40_seconds() {
        assert_eq!(newcomer_present_until(at(5)), at(65));
        assert_eq!(newly_near_present_until(at(5)), at(45));
    }

    #[test]
    fn two_roll_calls_together_tell_what_both_tell() {
        let sign = |number| Sign { number, present_until: at(60) };
        let call = |numbers: &[u64], near_up_to| RollCall {
            signs: numbers.iter().copied().map(sign).collect(),
            near_up_to,
        };
        assert_eq!(call(&[1, 2], 10).and(call(&[3], 20)), call(&[1, 2, 3], 20));
        assert_eq!(call(&[1], 20).and(call(&[2], 10)), call(&[1, 2], 20));
    }

    proptest! {
        #[test]
        fn few_are_near_the_front_however_many_were_admitted(admitted: u64) {
            prop_assert!((100..=5_000).contains(&near_the_front(admitted)));
        }

        #[test]
        fn nobody_who_goes_on_asking_is_passed_over(told in 1_i64..=30, jitter in 0_i64..=6, gap in 1_i64..=2) {
            let told = Duration::seconds(told);
            let (mut asked_at, mut stored) = (at(0), None);
            for second in (0..600).step_by(usize::try_from(gap).unwrap()) {
                let now = at(second);
                if now - asked_at >= told + Duration::seconds(jitter) {
                    asked_at = now;
                }
                let until = present_until(asked_at, told);
                if is_to_be_told(until, stored, now) {
                    stored = Some(until);
                }
                let kept = RollKept { called_at: Some(now), up_to: 1 };
                prop_assert!(!kept.passes_over(1, stored.unwrap(), now), "at {now}, believed until {stored:?}");
            }
        }
    }
}
