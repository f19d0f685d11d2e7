//! Numbers for ids, so that what is noted is small.

use std::{collections::HashMap, sync::RwLock};

use crate::history::{FanNumber, Id, ScheduleNumber};

/// Which user and which schedule has which number.
#[derive(Debug, Default)]
pub struct Directory {
    fans: RwLock<Vec<Id>>,
    schedules: RwLock<(Vec<Id>, HashMap<Id, ScheduleNumber>)>,
}

impl Directory {
    /// Sets the users, in the order of their numbers.
    pub fn set_fans(&self, fans: Vec<Id>) {
        *self.fans.write().unwrap() = fans;
    }

    /// All users, by number.
    pub fn fans(&self) -> Vec<Id> {
        self.fans.read().unwrap().clone()
    }

    /// A user's id.
    pub fn fan(&self, number: FanNumber) -> Id {
        self.fans.read().unwrap()[usize::from(number)]
    }

    /// Gives a new schedule a number.
    pub fn add_schedule(&self, schedule: Id) -> ScheduleNumber {
        let (ids, numbers) = &mut *self.schedules.write().unwrap();
        let number = ScheduleNumber::try_from(ids.len()).unwrap();
        ids.push(schedule);
        numbers.insert(schedule, number);
        number
    }

    /// All schedules, by number.
    pub fn schedules(&self) -> Vec<Id> {
        self.schedules.read().unwrap().0.clone()
    }

    /// A schedule's number, if it is the storm's.
    pub fn number_of(&self, schedule: Id) -> Option<ScheduleNumber> {
        self.schedules.read().unwrap().1.get(&schedule).copied()
    }
}
