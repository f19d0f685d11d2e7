//! The room in the memory of this instance.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use chrono::Duration;
use domain::{
    storage::StorageError,
    time::{Clock, Timestamp},
    waiting_room::{
        FRESH_FOR, RollCall, RoomContents, RoomEvent, RoomMark, RoomMemory, RoomNotices, RoomOverview,
        RoomReading, RoomView, Sign, Standing, Ticket, TicketState, TicketWatch, WaitingRoom, is_to_be_told,
        present_until,
    },
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use super::{
    follower::follow,
    lookups::{Lookups, Refusal},
    measurements::{measure_age, measure_event, measure_overview},
    presence_book::PresenceBook,
    watches::Watches,
};

/// How long a reading may take before the next is tried.
const READ_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// How long whoever wants to know the present waits for a reading; what is known meanwhile has to do after that.
const CAUGHT_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(1);

/// The room in memory, kept up to date for as long as somebody uses it.
pub struct LiveRoom {
    store: Arc<dyn WaitingRoom>,
    clock: Arc<dyn Clock>,
    paced: bool,
    view: RwLock<RoomView>,
    /// When the reading began that the view is from.
    read_at: RwLock<Instant>,
    lookups: Lookups,
    book: PresenceBook,
    watches: Watches,
    /// Until when the store believes that somebody is there, as far as this instance has told it.
    told: Mutex<HashMap<u64, Timestamp>>,
    /// The numbers of those of whom the store is to be told in any case: who were passed over and are back, or
    /// of whom it could not be told.
    back: Mutex<BTreeSet<u64>>,
    roll_wanted: Arc<Notify>,
    read_too_late: AtomicBool,
    readings_wanted: AtomicU64,
    reading_wanted: Arc<Notify>,
    readings_done: watch::Sender<ReadingsDone>,
}

/// The last reading: for how many who wanted one it has been made, and whether it could be.
#[derive(Default)]
struct ReadingsDone {
    wanted: u64,
    well: bool,
}

impl LiveRoom {
    /// Reads the whole room, and goes on following the store. Unless `paced`, questions never come too fast.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the store could not be read.
    pub async fn start(
        store: Arc<dyn WaitingRoom>,
        notices: Arc<dyn RoomNotices>,
        clock: Arc<dyn Clock>,
        paced: bool,
    ) -> Result<Arc<Self>, StorageError> {
        let began = Instant::now();
        let view = RoomView::of(store.read_room(None).await?);
        let room = Arc::new(Self {
            store,
            clock,
            paced,
            view: RwLock::new(view),
            read_at: RwLock::new(began),
            lookups: Lookups::default(),
            book: PresenceBook::begin(),
            watches: Watches::default(),
            told: Mutex::default(),
            back: Mutex::default(),
            roll_wanted: Arc::default(),
            read_too_late: AtomicBool::new(false),
            readings_wanted: AtomicU64::new(0),
            reading_wanted: Arc::default(),
            readings_done: watch::Sender::default(),
        });
        measure_overview(&room.overview());
        follow(&room, notices);
        Ok(room)
    }

    fn view(&self) -> RwLockReadGuard<'_, RoomView> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self) -> RoomMark {
        self.view().mark().clone()
    }

    /// Notified when somebody wants a reading.
    pub(super) fn reading_wanted(&self) -> Arc<Notify> {
        Arc::clone(&self.reading_wanted)
    }

    /// Notified when somebody wants the roll to be called at once.
    pub(super) fn roll_wanted(&self) -> Arc<Notify> {
        Arc::clone(&self.roll_wanted)
    }

    /// Reads what has changed, and takes it in. Those who wait for this reading go on in any case.
    pub(super) async fn read(&self) {
        let wanted = self.readings_wanted.load(Ordering::SeqCst);
        let began = Instant::now();
        // Where there was too much news to be told in time, everything is told instead.
        let mark = (!self.read_too_late.load(Ordering::Relaxed)).then(|| self.mark());
        let reading = timeout(READ_WITHIN, self.store.read_room(mark)).await;
        self.read_too_late.store(reading.is_err(), Ordering::Relaxed);
        let reading = reading.unwrap_or_else(|late| Err(StorageError::unavailable(late)));
        let done = ReadingsDone { wanted, well: reading.is_ok() };
        match reading {
            Ok(reading) => self.take_in(reading, began),
            Err(error) => {
                tracing::debug!(%error, "the waiting room could not be read");
                measure_age(self.view().age(self.clock.now()));
            }
        }
        self.readings_done.send_replace(done);
    }

    fn take_in(&self, reading: RoomReading, began: Instant) {
        let now = self.clock.now();
        let is_whole = matches!(reading.contents, RoomContents::Whole { .. });
        let (events, overview) = {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            (view.take_in(reading), view.overview(now))
        };
        *self.read_at.write().unwrap_or_else(PoisonError::into_inner) = began;
        events.iter().for_each(measure_event);
        measure_overview(&overview);
        for event in &events {
            // Whoever asked while the turn went by is there all the same.
            if let RoomEvent::PassedOver { number } = *event
                && self.sign(number, now).is_some_and(|sign| sign.present_until > now)
            {
                self.welcome_back(number);
            }
        }
        if is_whole {
            // What has happened meanwhile nobody can say.
            self.watches.tell_all();
        }
        self.watches.tell(events.iter().filter_map(RoomEvent::number));
    }

    /// Whether somebody who waits might be admitted now.
    pub(super) fn may_admit(&self) -> bool {
        self.view().may_admit(self.clock.now())
    }

    /// Fills the slots that are free; tells whether anybody was admitted.
    pub(super) async fn admit(&self) -> bool {
        let admitted = self.store.admit().await;
        if let Err(error) = &admitted {
            tracing::debug!(%error, "free slots are left to the next try");
        }
        admitted.is_ok_and(|admitted| admitted > 0)
    }

    /// Tells the store who is there near the front; nothing while nobody waits.
    pub(super) async fn call_roll(&self) {
        let now = self.clock.now();
        let Some(roll) = self.roll(now) else { return };
        match self.store.call_roll(&roll).await {
            Ok(_) => self.note_told(&roll),
            Err(error) => {
                tracing::debug!(%error, "the store was not told who is there");
                self.back
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(roll.signs.iter().map(|sign| sign.number));
            }
        }
    }

    fn roll(&self, now: Timestamp) -> Option<RollCall> {
        let view = self.view();
        self.book.keep(|numbers| !view.nobody_waits_within(numbers));
        if view.overview(now).waiting == 0 {
            return None;
        }
        let near_up_to = view.near_up_to();
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let sign = |number| self.sign(number, now);
        let back = std::mem::take(&mut *self.back.lock().unwrap_or_else(PoisonError::into_inner));
        let near = view.there_up_to(near_up_to).filter(|number| !back.contains(number)).filter_map(sign);
        let mut signs: Vec<_> = near
            .filter(|sign| is_to_be_told(sign.present_until, told.get(&sign.number).copied(), now))
            .collect();
        signs.extend(back.iter().copied().filter_map(sign).filter(|sign| sign.present_until > now));
        Some(RollCall { signs, near_up_to })
    }

    /// Until when somebody is believed to be there by the last question asked here.
    fn sign(&self, number: u64, now: Timestamp) -> Option<Sign> {
        let question = self.book.last_question(number)?;
        Some(Sign { number, present_until: present_until(now - question.ago, question.told) })
    }

    /// Whoever was passed over and is back comes first: the roll is called at once.
    fn welcome_back(&self, number: u64) {
        if self.view().is_passed_over(number) {
            self.back.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
            self.roll_wanted.notify_one();
        }
    }

    /// Whether a refusal may be repeated: not when it is known that the wait is over. A ticket that was waiting
    /// and is not known after a reading has ended.
    fn still_holds(&self, refusal: &Refusal) -> bool {
        let Some(waited) = refusal.ticket.filter(|ticket| ticket.state == TicketState::Waiting) else {
            return true;
        };
        let read_at = *self.read_at.read().unwrap_or_else(PoisonError::into_inner);
        match self.place(&waited) {
            Some(standing) => standing.ticket.state == TicketState::Waiting,
            None => read_at <= refusal.asked,
        }
    }

    fn note_told(&self, roll: &RollCall) {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.extend(roll.signs.iter().map(|sign| (sign.number, sign.present_until)));
        told.retain(|_, until| *until > now);
    }
}

#[async_trait]
impl RoomMemory for LiveRoom {
    fn place(&self, issued: &Ticket) -> Option<Standing> {
        self.view().place(issued, self.clock.now())
    }

    fn is_fresh(&self) -> bool {
        self.read_at.read().unwrap_or_else(PoisonError::into_inner).elapsed()
            <= FRESH_FOR.to_std().unwrap_or_default()
    }

    fn note_presence(&self, number: u64, told: Duration) {
        self.book.note(number, told);
        self.welcome_back(number);
    }

    fn note_question(&self, number: u64, told: Duration) -> Result<(), Duration> {
        if !self.paced {
            self.note_presence(number, told);
            return Ok(());
        }
        let counted = self.book.count(number, told);
        self.welcome_back(number);
        counted
    }

    async fn look_up(&self, issued: &Ticket) -> Result<Option<Ticket>, StorageError> {
        if let Some(refusal) = self.lookups.recall(issued.id).filter(|refusal| self.still_holds(refusal)) {
            return Ok(refusal.ticket);
        }
        let asked = Instant::now();
        let found = self.store.claim(issued.id, issued.user).await?;
        match &found {
            Some(ticket) if matches!(ticket.state_at(self.clock.now()), TicketState::Active { .. }) => {
                self.view.write().unwrap_or_else(PoisonError::into_inner).renew_turn(*ticket);
            }
            refused => self.lookups.remember(issued.id, Refusal { ticket: *refused, asked }),
        }
        Ok(found)
    }

    async fn catch_up(&self) -> bool {
        let mut done = self.readings_done.subscribe();
        let mine = self.readings_wanted.fetch_add(1, Ordering::SeqCst) + 1;
        self.reading_wanted.notify_one();
        // Fails when the store does not answer in time, or the room is on its way out of memory.
        let caught_up = timeout(CAUGHT_UP_WITHIN, done.wait_for(|done| done.wanted >= mine)).await;
        matches!(caught_up, Ok(Ok(done)) if done.well)
    }

    fn place_told(&self, ticket: Ticket) -> Standing {
        let (view, now) = (self.view(), self.clock.now());
        if ticket.state != TicketState::Waiting {
            return view.outside_the_queue(ticket, now);
        }
        view.place(&ticket, now).unwrap_or_else(|| view.behind_everybody(ticket, now))
    }

    fn watch(&self, number: u64) -> Box<dyn TicketWatch> {
        self.watches.watch(number)
    }

    fn overview(&self) -> RoomOverview {
        self.view().overview(self.clock.now())
    }
}
