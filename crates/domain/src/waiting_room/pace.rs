//! How often somebody who waits may ask.

use chrono::Duration;

/// Questions that may come at once, before the pace is enforced: a page that is loaded anew a few times, or a
/// second tab, is no abuse.
const AT_ONCE: i32 = 10;

/// How much of the pace somebody has used up.
///
/// The generic cell rate algorithm (ITU-T I.371, annex A): every question uses up half of the time that
/// was to pass until the next, so that whoever asks up to twice as often as told is never refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pace {
    /// Until when all the questions so far would have lasted, one after the other, by whatever clock the
    /// caller measures with.
    pub used_until: Duration,
}

impl Pace {
    /// One more question at `now`, from somebody who was told to ask again after `told`.
    ///
    /// # Errors
    ///
    /// After how long the next question would be answered, when too many came too fast; nothing is used up
    /// then.
    pub fn ask(self, now: Duration, told: Duration) -> Result<Self, Duration> {
        let a_question = told / 2;
        // Whoever was told to wait for longer before owes no more than now can be owed at most.
        let used_until = self.used_until.clamp(now, now + a_question * (AT_ONCE + 1));
        let too_far = used_until - now - a_question * AT_ONCE;
        if too_far > Duration::zero() {
            Err(too_far)
        } else {
            Ok(Self { used_until: used_until + a_question })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOLD: Duration = Duration::seconds(4);

    fn begin() -> Pace {
        Pace { used_until: Duration::zero() }
    }

    /// Asks at each of these instants, in milliseconds; tells which questions were answered.
    fn answered(instants: impl IntoIterator<Item = i64>) -> Vec<bool> {
        let mut pace = begin();
        let ask = |now| match pace.ask(Duration::milliseconds(now), TOLD) {
            Ok(later) => {
                pace = later;
                true
            }
            Err(_) => false,
        };
        instants.into_iter().map(ask).collect()
    }

    #[test]
    fn a_few_questions_at_once_are_answered_and_many_are_not() {
        let answered = answered([1_000; 40]);
        assert_eq!(answered.iter().filter(|answered| **answered).count(), 11);
    }

    #[test]
    fn whoever_waits_as_long_as_the_refusal_says_is_answered() {
        let mut pace = begin();
        let now = Duration::seconds(1);
        let wait = loop {
            match pace.ask(now, TOLD) {
                Ok(later) => pace = later,
                Err(wait) => break wait,
            }
        };
        assert!(pace.ask(now + wait, TOLD).is_ok(), "expected an answer after {wait}");
        assert!(
            pace.ask(now + wait - Duration::milliseconds(1), TOLD).is_err(),
            "expected none before {wait}"
        );
    }

    #[test]
    fn a_pace_that_was_used_up_far_back_is_forgiven_near_the_front() {
        let (far, near) = (Duration::seconds(30), Duration::seconds(1));
        let mut pace = begin();
        while let Ok(later) = pace.ask(Duration::zero(), far) {
            pace = later;
        }
        let wait = pace.ask(Duration::zero(), near).unwrap_err();
        assert!(wait <= near, "expected to be answered soon, got {wait}");
    }

    proptest! {
        #[test]
        fn whoever_asks_as_told_is_always_answered(waits in proptest::collection::vec(2_000_i64..60_000, 1..200)) {
            let mut now = 0;
            let instants: Vec<_> = waits.into_iter().map(|wait| { now += wait; now }).collect();
            prop_assert!(answered(instants).into_iter().all(|answered| answered));
        }

        #[test]
        fn whoever_asks_much_faster_is_answered_twice_as_often_as_told_at_most(gap in 1_i64..500) {
            let answered = answered((0..).map(|question| question * gap).take_while(|now| *now < 100_000));
            let count = answered.iter().filter(|answered| **answered).count();
            prop_assert!(count <= 62, "expected 50 answers in 100 seconds beside the first few, got {count}");
        }
    }
}
