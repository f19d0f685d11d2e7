//! Whether what fans were told agrees with what the database noted.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    checker::CLOCK_GRAIN,
    events::{Change, Instant, Moment, Reason, Status},
    ranks::{Stay, count_in_front},
    violation::{Kind, Violation},
};

/// What a fan was told of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub user: Uuid,
    pub number: u64,
    pub what: What,
    /// When the question was sent.
    pub sent: Instant,
    /// When the answer had arrived.
    pub received: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It waits, with so many in front.
    Waiting { ahead: u64 },
    /// It is its turn.
    Active,
    /// It is over.
    Ended(Reason),
}

/// How old what a fan is told of those in front may be: the promised 250 ms of an instance's view, and what a
/// machine that is busy with three instances and the storm takes to get round to it.
const VIEW_AGE: i64 = 1_250_000;

/// A ticket's life, as far as fans are told of it.
#[derive(Clone, Copy)]
struct Life {
    issued: Instant,
    admitted: Option<Instant>,
    /// Until when its turn can not have ended as a no-show's: the claim time of the policy that admitted it.
    claimable_until: Instant,
    passed_over: Option<Instant>,
    waited_until: Instant,
    end: Option<Reason>,
}

/// What was told that was not so.
pub fn check_answers(history: &[Moment], answers: &[Told]) -> Vec<Violation> {
    let lives = lives(history);
    let mut violations: Vec<_> = answers.iter().filter_map(|told| check_answer(told, &lives)).collect();
    violations.extend(check_ahead(answers, &lives));
    violations
}

type Lives = HashMap<(Uuid, u64), Life>;

fn lives(history: &[Moment]) -> Lives {
    let mut lives = Lives::new();
    for moment in history {
        for change in &moment.changes {
            let Change::Ticket { after: Some(ticket), .. } = change else { continue };
            let life = lives.entry((ticket.user, ticket.number)).or_insert(Life {
                issued: moment.at,
                admitted: None,
                claimable_until: Instant::MAX,
                passed_over: None,
                waited_until: Instant::MAX,
                end: None,
            });
            if ticket.status != Status::Waiting {
                life.waited_until = life.waited_until.min(moment.at);
            }
            if ticket.status == Status::Active && life.admitted.is_none() {
                life.admitted = Some(moment.at);
                life.claimable_until = moment.at + moment.policy.claim_seconds * 1_000_000;
            }
            if ticket.passed_over {
                life.passed_over.get_or_insert(moment.at);
            }
            life.end = ticket.reason;
        }
    }
    lives
}

fn check_answer(told: &Told, lives: &Lives) -> Option<Violation> {
    let found = |kind, story: &str| Some(Violation::new(kind, format!("{told:?}: {story}")));
    let life = lives.get(&(told.user, told.number)).filter(|life| life.issued <= told.received);
    let Some(life) = life else {
        return found(Kind::ToldAnothersNumber, "this user had no such number");
    };
    match told.what {
        What::Active if life.admitted.is_none_or(|admitted| admitted > told.received) => {
            found(Kind::ToldTooEarly, &format!("admitted at {:?}", life.admitted))
        }
        What::Active if life.end == Some(Reason::NoShow) && told.received < life.claimable_until => {
            found(Kind::NoShowWasThere, "heard of within the claim time, and ended as a no-show's")
        }
        What::Ended(reason) if life.end != Some(reason) => {
            found(Kind::ToldAnotherEnd, &format!("the database has {:?}", life.end))
        }
        _ => None,
    }
}

/// Whoever was told of a place in line: those in front only ever become fewer, so there can not have been more
/// than at the earliest instant that the answer may be of, nor fewer than when it had arrived. Those who were
/// ever passed over may be counted or not.
fn check_ahead(answers: &[Told], lives: &Lives) -> Vec<Violation> {
    let mut asked = vec![];
    let (mut earliest, mut latest) = (vec![], vec![]);
    for told in answers {
        let (What::Waiting { ahead }, Some(life)) = (told.what, lives.get(&(told.user, told.number))) else {
            continue;
        };
        asked.push((told, ahead));
        earliest.push(((told.sent - VIEW_AGE).max(life.issued), told.number));
        latest.push((told.received, told.number));
    }
    let stay =
        |(place, life): (&(Uuid, u64), &Life), until| Stay { number: place.1, from: life.issued, until };
    // Whoever left the line at the very instant at which it is asked for may still have stood in it.
    let longest: Vec<_> =
        lives.iter().map(|life| stay(life, life.1.waited_until.saturating_add(CLOCK_GRAIN))).collect();
    let shortest: Vec<_> = lives
        .iter()
        .map(|life| stay(life, life.1.passed_over.unwrap_or(Instant::MAX).min(life.1.waited_until)))
        .collect();
    let (most, fewest) = (count_in_front(&longest, &earliest), count_in_front(&shortest, &latest));
    let bounds = most.into_iter().zip(fewest);
    asked
        .into_iter()
        .zip(bounds)
        .filter_map(|((told, ahead), (most, fewest))| {
            let kind = if ahead > most {
                Kind::ToldTooMany
            } else if ahead < fewest {
                Kind::ToldTooFew
            } else {
                return None;
            };
            Some(Violation::new(kind, format!("{told:?}: there were at least {fewest} and at most {most}")))
        })
        .collect()
}
