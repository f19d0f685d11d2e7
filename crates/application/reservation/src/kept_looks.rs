//! The last looks at the seats of schedules, for as long as they last.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    ids::ScheduleId,
    reservation::{LOOK_LASTS, SeatsSeen},
};

#[cfg(test)]
#[path = "kept_looks_tests.rs"]
mod tests;

/// From this age on somebody looks anew, so that there is another look when this one does not last any more.
const LOOKED_ANEW_FROM: Duration = LOOK_LASTS.checked_div(2).unwrap();

/// The last look at each schedule. All times are since one instant.
#[derive(Default)]
pub(crate) struct KeptLooks(Mutex<HashMap<ScheduleId, KeptLook>>);

struct KeptLook {
    began: Duration,
    /// None where an earlier look would lack what is known to have been held since.
    seen: Option<Arc<SeatsSeen>>,
    somebody_looks_anew: bool,
}

impl KeptLook {
    fn lasts_at(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) < LOOK_LASTS
    }
}

impl KeptLooks {
    /// Keeps a look, unless a later one is kept.
    pub(crate) fn keep(&self, schedule: ScheduleId, began: Duration, seen: Arc<SeatsSeen>, now: Duration) {
        let mut looks = self.lock();
        looks.retain(|_, look| look.lasts_at(now));
        let is_later = looks.get(&schedule).is_some_and(|kept| kept.began > began);
        if !is_later {
            looks.insert(schedule, KeptLook { began, seen: Some(seen), somebody_looks_anew: false });
        }
    }

    /// A look that lasts. There is none for one who asks when half of its time is over: whoever that is looks anew, and
    /// nobody has to wait for it.
    pub(crate) fn get(&self, schedule: ScheduleId, now: Duration) -> Option<Arc<SeatsSeen>> {
        let mut looks = self.lock();
        let look = looks.get_mut(&schedule).filter(|look| look.lasts_at(now))?;
        let is_to_look_anew = now.saturating_sub(look.began) >= LOOKED_ANEW_FROM
            && !mem::replace(&mut look.somebody_looks_anew, true);
        if is_to_look_anew { None } else { look.seen.clone() }
    }

    /// Keeps no look at this schedule that began before.
    pub(crate) fn forget(&self, schedule: ScheduleId, now: Duration) {
        let nothing = KeptLook { began: now, seen: None, somebody_looks_anew: false };
        let mut looks = self.lock();
        looks.retain(|_, look| look.lasts_at(now));
        looks.insert(schedule, nothing);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ScheduleId, KeptLook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
