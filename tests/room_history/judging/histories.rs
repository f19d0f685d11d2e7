//! A good history, and a bad one for each kind of trouble.

use encore_tests::history::{
    events::{Change, Policy, Reason, RoomState, Status, Strategy, Ticket},
    violation::Kind,
};

use super::story::{POLICY, SECOND, SESSION, Story, admitted, user};

#[test]
fn a_good_day_passes() {
    let mut story = Story::new();
    story.issue(1).admit(&[1]).issue(2).admit(&[2]).issue(3).issue(4).issue(5);
    story.end(3, Reason::Left).pay(1).admit(&[4]).claim(4).end(2, Reason::Left).admit(&[5]);
    story.now += SESSION;
    story.end(4, Reason::TimedOut).end(5, Reason::Left).issue_to(user(1), 6).admit(&[6]);
    story.passes();
}

#[test]
fn a_number_that_was_left_out_is_a_gap() {
    Story::new().issue(1).issue(3).is_found_out(Kind::Gap);
}

#[test]
fn a_number_that_was_given_twice_is_a_repeat() {
    Story::new().issue(1).issue_to(user(9), 1).is_found_out(Kind::Repeat);
}

#[test]
fn a_number_after_a_higher_one_is_out_of_order() {
    Story::new().issue(2).issue(1).is_found_out(Kind::IssuedOutOfOrder);
}

#[test]
fn nobody_is_issued_a_number_while_the_room_is_closed() {
    for state in [RoomState::Paused, RoomState::Draining] {
        Story::under(Policy { state, ..POLICY }).issue(1).is_found_out(Kind::IssuedWhileClosed);
    }
}

#[test]
fn a_second_live_ticket_is_a_second_life() {
    Story::new().issue(1).issue_to(user(1), 2).is_found_out(Kind::TwoLives);
    Story::new().issue(1).end(1, Reason::Left).issue_to(user(1), 2).passes();
}

#[test]
fn an_ended_ticket_does_not_come_back() {
    let mut story = Story::new();
    story.issue(1).end(1, Reason::Left).change(1, |ticket| {
        (ticket.status, ticket.reason) = (Status::Waiting, None);
    });
    story.is_found_out(Kind::ImpossibleStep);
}

#[test]
fn whoever_waits_can_only_leave() {
    Story::new().issue(1).end(1, Reason::TimedOut).is_found_out(Kind::ImpossibleStep);
}

#[test]
fn a_turn_that_begins_anew_or_changes_hands_is_impossible() {
    let changes: [fn(&mut Ticket); 4] = [
        |ticket| ticket.admitted_at = Some(0),
        |ticket| ticket.user = user(9),
        |ticket| ticket.number = 2,
        |ticket| ticket.status = Status::Waiting,
    ];
    for change in changes {
        let mut story = Story::new();
        story.issue(1).admit(&[1]).change(1, change);
        assert!(story.kinds().contains(&Kind::ImpossibleStep), "{:?}", story.kinds());
    }
}

#[test]
fn a_deleted_ticket_is_impossible() {
    let mut story = Story::new();
    story.issue(1).commit(|story| {
        let (id, _) = story.tickets[0].clone();
        vec![Change::Ticket { id, after: None }]
    });
    story.is_found_out(Kind::ImpossibleStep);
}

#[test]
fn an_admission_past_somebody_who_waits_is_an_inversion() {
    Story::new().issue(1).issue(2).admit(&[2]).is_found_out(Kind::Inversion);
    Story::new().issue(1).issue(2).issue(3).admit(&[1, 3]).is_found_out(Kind::Inversion);
}

#[test]
fn within_one_commit_the_order_of_the_rows_does_not_matter() {
    Story::new().issue(1).issue(2).admit(&[2, 1]).passes();
}

#[test]
fn an_admission_past_somebody_who_is_passed_over_is_none() {
    Story::new().issue(1).issue(2).pass_over(1).admit(&[2]).passes();
}

#[test]
fn whoever_was_passed_over_and_is_back_stands_in_front_again() {
    let mut story = Story::new();
    story.issue(1).issue(2).pass_over(1).change(1, |ticket| ticket.passed_over = false).admit(&[2]);
    story.is_found_out(Kind::Inversion);
}

#[test]
fn an_admission_that_leaves_too_many_inside_is_above_the_cap() {
    for strategy in [Strategy::MaxActive, Strategy::Both] {
        let mut story = Story::under(Policy { strategy, admit_count: 9, ..POLICY });
        story.issue(1).issue(2).issue(3).admit(&[1, 2]).admit(&[3]).is_found_out(Kind::AboveCap);
    }
    let mut story = Story::under(Policy { strategy: Strategy::FixedRate, admit_count: 9, ..POLICY });
    story.issue(1).issue(2).issue(3).admit(&[1, 2, 3]).passes();
}

#[test]
fn a_lowered_cap_throws_nobody_out_and_admits_nobody() {
    let mut story = Story::new();
    story.issue(1).issue(2).issue(3).admit(&[1, 2]);
    story.policy.max_active = 1;
    story.commit(|_| vec![Change::Policy]).issue(4);
    story.passes();
    story.end(1, Reason::Left).admit(&[3]).is_found_out(Kind::AboveCap);
}

#[test]
fn a_turn_that_ran_out_makes_room_though_nobody_has_ended_it() {
    let mut story = Story::new();
    story.issue(1).issue(2).issue(3).admit(&[1, 2]);
    story.now += SESSION;
    story.admit(&[3]).passes();
}

#[test]
fn a_turn_that_is_prolonged_after_its_end_counts_again() {
    let mut story = Story::new();
    story.issue(1).issue(2).issue(3).admit(&[1, 2]);
    story.now += SESSION;
    story.admit(&[3]).change(1, |ticket| ticket.expires_at = Some(3 * SESSION)).passes();
    story.change(2, |ticket| ticket.expires_at = Some(3 * SESSION)).is_found_out(Kind::AboveCap);
}

#[test]
fn more_admissions_than_due_within_any_interval_are_above_the_rate() {
    for strategy in [Strategy::FixedRate, Strategy::Both] {
        let mut story = Story::under(Policy { strategy, ..POLICY });
        story.issue(1).issue(2).admit(&[1]);
        story.now += 9 * SECOND;
        story.admit(&[2]).passes();
        let mut story = Story::under(Policy { strategy, ..POLICY });
        story.issue(1).issue(2).admit(&[1]);
        story.now += 8 * SECOND;
        story.admit(&[2]).is_found_out(Kind::AboveRate);
    }
}

#[test]
fn a_paused_room_admits_nobody() {
    let mut story = Story::new();
    story.issue(1).policy.state = RoomState::Paused;
    story.admit(&[1]).is_found_out(Kind::AdmittedWhilePaused);
    let mut story = Story::new();
    story.issue(1).policy.state = RoomState::Draining;
    story.admit(&[1]).passes();
}

#[test]
fn an_admission_dated_before_the_one_before_it_or_into_the_future_is_out_of_time() {
    for wrong in [0, 60 * SECOND] {
        let mut story = Story::new();
        story.issue(1).issue(2).admit(&[1]);
        story.change(2, |ticket| admitted(ticket, wrong)).is_found_out(Kind::AdmittedOutOfTime);
    }
}

#[test]
fn a_turn_that_still_has_time_does_not_time_out() {
    Story::new().issue(1).admit(&[1]).claim(1).end(1, Reason::TimedOut).is_found_out(Kind::CutShort);
}

#[test]
fn whoever_did_not_claim_a_turn_is_a_no_show() {
    let mut story = Story::new();
    story.issue(1).admit(&[1]);
    story.now += SESSION;
    story.end(1, Reason::TimedOut);
    assert_eq!(story.kinds(), [Kind::NoShowWasNot]);
}

#[test]
fn whoever_claimed_a_turn_is_no_no_show() {
    let mut story = Story::new();
    story.issue(1).admit(&[1]).claim(1);
    story.now += SESSION;
    story.end(1, Reason::NoShow).is_found_out(Kind::NoShowWasThere);
    let mut story = Story::new();
    story.issue(1).admit(&[1]);
    story.now += SESSION;
    story.end(1, Reason::NoShow).passes();
}

#[test]
fn a_paid_turn_has_its_payment_and_a_payment_its_turn() {
    Story::new().issue(1).admit(&[1]).end(1, Reason::Paid).is_found_out(Kind::PaidWithoutPayment);
    let mut story = Story::new();
    story.issue(1).admit(&[1]).commit(|_| vec![Change::Payment { user: user(1) }]);
    story.is_found_out(Kind::PaidWithoutPayment);
}

#[test]
fn a_count_that_the_history_does_not_explain_is_found() {
    let mut story = Story::new();
    story.issue(1).admit(&[1]).moments[1].live = 2;
    story.is_found_out(Kind::Miscounted);
}
