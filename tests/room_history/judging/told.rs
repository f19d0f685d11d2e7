//! What fans may be told of a history, and what not.

use encore_tests::history::{
    answers::{Told, What, check_answers},
    events::Reason,
    violation::Kind,
};

use super::story::{SECOND, SESSION, Story, user};

/// Number 1 is inside, 2 and 3 wait; then 2 leaves.
fn three_fans() -> Story {
    let mut story = Story::new();
    story.issue(1).issue(2).issue(3).admit(&[1]).end(2, Reason::Left);
    story
}

fn told(number: u64, what: What, at: i64) -> Told {
    Told { user: user(number), number, what, sent: at, received: at }
}

#[track_caller]
fn is_wrong(story: &Story, told: Told, kind: Kind) {
    let found: Vec<_> =
        check_answers(&story.moments, &[told]).into_iter().map(|violation| violation.kind).collect();
    assert_eq!(found, [kind], "{told:?}");
}

#[test]
fn what_was_so_may_be_told() {
    let story = three_fans();
    let answers = [
        told(1, What::Waiting { ahead: 0 }, SECOND),
        told(3, What::Waiting { ahead: 2 }, 3 * SECOND),
        told(3, What::Waiting { ahead: 1 }, 4 * SECOND),
        // The view of an instance may be a little old.
        told(3, What::Waiting { ahead: 2 }, 5 * SECOND),
        told(1, What::Active, 4 * SECOND),
        told(2, What::Ended(Reason::Left), 6 * SECOND),
    ];
    assert_eq!(check_answers(&story.moments, &answers), []);
}

#[test]
fn what_was_not_so_may_not_be_told() {
    let story = three_fans();
    let others = Told { user: user(2), ..told(1, What::Active, 9 * SECOND) };
    is_wrong(&story, others, Kind::ToldAnothersNumber);
    is_wrong(&story, told(4, What::Waiting { ahead: 0 }, 9 * SECOND), Kind::ToldAnothersNumber);
    is_wrong(&story, told(3, What::Active, 9 * SECOND), Kind::ToldTooEarly);
    is_wrong(&story, told(1, What::Active, 3 * SECOND), Kind::ToldTooEarly);
    is_wrong(&story, told(2, What::Ended(Reason::TimedOut), 9 * SECOND), Kind::ToldAnotherEnd);
    is_wrong(&story, told(3, What::Waiting { ahead: 2 }, 9 * SECOND), Kind::ToldTooMany);
    is_wrong(&story, told(3, What::Waiting { ahead: 0 }, 4 * SECOND), Kind::ToldTooFew);
}

#[test]
fn whoever_left_at_the_same_instant_may_still_be_counted() {
    let mut story = Story::new();
    story.issue(1).issue(2);
    story.now -= SECOND;
    story.end(1, Reason::Left);
    for ahead in [0, 1] {
        assert_eq!(check_answers(&story.moments, &[told(2, What::Waiting { ahead }, 2 * SECOND)]), []);
    }
}

#[test]
fn whoever_was_heard_of_in_time_is_no_no_show() {
    let mut story = Story::new();
    story.issue(1).admit(&[1]);
    story.now += SESSION;
    story.end(1, Reason::NoShow);
    is_wrong(&story, told(1, What::Active, 3 * SECOND), Kind::NoShowWasThere);
    assert_eq!(check_answers(&story.moments, &[told(1, What::Active, 63 * SECOND)]), []);
}
