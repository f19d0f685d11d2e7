//! When to ask again, and how long it will take.

use chrono::Duration;

/// For how long back admissions are counted to estimate a wait.
pub const MEASURED_FOR: Duration = Duration::seconds(60);

/// The shortest time between two questions.
const SOONEST: Duration = Duration::seconds(1);
/// The longest time between two questions.
pub(crate) const LATEST: Duration = Duration::seconds(30);
/// People in front for each second between two questions, while nothing has been measured.
const PEOPLE_A_SECOND: u64 = 50;
/// The jitter's share of the time, in each direction.
const JITTER_PERCENT: i32 = 20;

/// How long somebody with `ahead` people in front waits, if people go on being admitted as in the last
/// [`MEASURED_FOR`]; none when nobody was.
#[must_use]
pub fn estimated_wait(ahead: u64, admitted_lately: u64) -> Option<Duration> {
    let measured_for = u64::try_from(MEASURED_FOR.num_seconds()).ok()?;
    let person_seconds = ahead.checked_add(1)?.checked_mul(measured_for)?;
    let seconds = if admitted_lately == 0 { return None } else { person_seconds.div_ceil(admitted_lately) };
    Duration::try_seconds(i64::try_from(seconds).ok()?)
}

/// When to ask again: a tenth of the estimated wait, within 1 and 30 seconds, moved by up to a fifth so that
/// those who came together do not go on asking together; and within half of the `claim` time, so that nobody who
/// asks as told misses the turn. In whole seconds.
///
/// The jitter follows from the ticket's number by the golden ratio, whose multiples fill the unit interval
/// evenly (Knuth, The Art of Computer Programming, volume 3, section 6.4): neighbours are spread, without
/// randomness.
#[must_use]
pub fn poll_after(ahead: u64, estimated_wait: Option<Duration>, number: u64, claim: Duration) -> Duration {
    let by_distance = || i64::try_from(ahead / PEOPLE_A_SECOND).ok().and_then(Duration::try_seconds);
    let aim = estimated_wait.map(|wait| wait / 10).or_else(by_distance).unwrap_or(LATEST);
    // With the jitter it is still within the longest time.
    let aim = aim.clamp(SOONEST, LATEST * 100 / (100 + JITTER_PERCENT)).num_milliseconds();
    // 0x9E37_79B9_7F4A_7C15 is 2^64 divided by the golden ratio.
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let per_mille = i64::try_from((spread * 1000) >> 32).unwrap_or(0);
    let jitter = aim * i64::from(JITTER_PERCENT) * (2 * per_mille - 1000) / 100_000;
    let latest = LATEST.min(Duration::seconds(claim.num_seconds() / 2)).max(SOONEST);
    Duration::seconds((aim + jitter + 500) / 1000).clamp(SOONEST, latest)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const CLAIM: Duration = Duration::seconds(60);

    #[test]
    fn whoever_asks_as_told_does_not_miss_a_short_claim_time() {
        for (claim, latest) in [(1, 1), (3, 1), (10, 5), (3_600, 30)] {
            let told = (1..=50).map(|number| poll_after(100_000, None, number, Duration::seconds(claim)));
            assert!(told.max().unwrap() <= Duration::seconds(latest), "of {claim} seconds");
        }
    }

    #[test]
    fn no_wait_is_made_up_while_nobody_was_admitted() {
        assert_eq!(estimated_wait(10, 0), None);
    }

    #[test]
    fn the_wait_follows_from_the_admissions_of_the_last_minute() {
        assert_eq!(estimated_wait(0, 60), Some(Duration::seconds(1)));
        assert_eq!(estimated_wait(99, 10), Some(Duration::seconds(600)));
        assert_eq!(estimated_wait(0, 7), Some(Duration::seconds(9)));
    }

    #[test]
    fn those_who_came_together_do_not_ask_together() {
        let times: HashSet<_> = (1..=50).map(|number| poll_after(100_000, None, number, CLAIM)).collect();
        assert!(times.len() >= 5, "expected at least five different times, got {times:?}");
    }

    #[test]
    fn the_next_question_is_due_after_a_tenth_of_the_wait_give_or_take_a_fifth() {
        let wait = Some(Duration::seconds(200));
        let told: Vec<_> =
            (1..=1_000).map(|number| poll_after(9, wait, number, CLAIM).num_seconds()).collect();
        assert_eq!((told.iter().min(), told.iter().max()), (Some(&16), Some(&24)));
        let sum: i64 = told.iter().sum();
        assert!(
            (19_900..=20_100).contains(&sum),
            "expected the jitter to go both ways alike, got {sum} of 20,000"
        );
    }

    #[test]
    fn a_time_is_rounded_to_the_nearest_second() {
        // The jitter of the ticket 0 is a fifth less: 1.52 and 1.44 seconds.
        let told = |millis| poll_after(0, Some(Duration::milliseconds(millis)), 0, CLAIM).num_seconds();
        assert_eq!([told(19_000), told(18_000)], [2, 1]);
    }

    #[test]
    fn the_claim_time_bounds_even_a_near_question() {
        assert_eq!(poll_after(0, None, 1, Duration::seconds(1)), Duration::seconds(1));
    }

    proptest! {
        #[test]
        fn the_next_question_is_due_within_1_to_30_seconds(ahead: u64, wait in proptest::option::of(0_i64..10_000_000), number: u64) {
            let after = poll_after(ahead, wait.map(Duration::seconds), number, CLAIM);
            prop_assert!((SOONEST..=LATEST).contains(&after), "{after}");
        }

        #[test]
        fn whoever_is_near_asks_sooner(number: u64) {
            prop_assert!(poll_after(0, Some(Duration::seconds(5)), number, CLAIM) < poll_after(9_000, Some(Duration::seconds(300)), number, CLAIM));
        }
    }
}
