//! How many stood in front of a number at an instant, for many numbers and instants at once.

use super::events::Instant;

/// From when until when a number stood in line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) number: u64,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

/// For each question, how many of those who stood in line at that instant had a lower number.
pub(super) fn count_in_front(stays: &[Stay], questions: &[(Instant, u64)]) -> Vec<u64> {
    let highest =
        stays.iter().map(|stay| stay.number).chain(questions.iter().map(|(_, number)| *number)).max();
    let mut line = Line::new(highest.unwrap_or_default());
    let mut comings: Vec<_> = stays.iter().map(|stay| (stay.from, stay.number)).collect();
    let mut goings: Vec<_> = stays.iter().map(|stay| (stay.until, stay.number)).collect();
    comings.sort_unstable();
    goings.sort_unstable();
    let (mut comings, mut goings) = (comings.into_iter().peekable(), goings.into_iter().peekable());
    let mut order: Vec<usize> = (0..questions.len()).collect();
    order.sort_unstable_by_key(|index| questions[*index]);
    let mut answers = vec![0; questions.len()];
    for index in order {
        let (at, number) = questions[index];
        while let Some((_, number)) = comings.next_if(|(from, _)| *from <= at) {
            line.add(number, 1);
        }
        while let Some((_, number)) = goings.next_if(|(until, _)| *until <= at) {
            line.add(number, -1);
        }
        answers[index] = line.below(number);
    }
    answers
}

/// Counts by number, summed up in a binary indexed tree.
struct Line(Vec<i64>);

impl Line {
    fn new(highest: u64) -> Self {
        Self(vec![0; index(highest) + 1])
    }

    fn add(&mut self, number: u64, change: i64) {
        let mut place = index(number);
        while place < self.0.len() {
            self.0[place] += change;
            place += place & place.wrapping_neg();
        }
    }

    fn below(&self, number: u64) -> u64 {
        let (mut place, mut sum) = (index(number) - 1, 0);
        while place > 0 {
            sum += self.0[place];
            place &= place - 1;
        }
        u64::try_from(sum).unwrap()
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap()
}
