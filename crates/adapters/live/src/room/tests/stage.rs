//! A store as the tests want it, and a room that follows it.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{TimeZone, Utc};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::{Clock, Timestamp},
    waiting_room::{
        EndReason, Joined, Left, Newcomer, PolicyChange, RollCall, RoomContents, RoomMark, RoomNotices,
        RoomPolicy, RoomReading, Ticket, TicketNews, TicketState, WaitingRoom,
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::super::LiveRoom;

/// How long the store takes to answer.
pub(super) const TAKES: Duration = Duration::from_millis(10);

/// How the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    WithWhatItKnows,
    WithAnError,
    Never,
}

/// What the store was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Read,
    Admit,
    Roll(RollCall),
    Claim(u64),
}

/// What the store knows.
pub(super) struct Contents {
    pub(super) policy: RoomPolicy,
    pub(super) answers: Answers,
    /// Whether it admits anybody when it is asked to.
    pub(super) admits: bool,
    /// How long it takes to answer claims.
    pub(super) claims_take: Duration,
    /// Whether it tells everything again that it has told before.
    pub(super) repeats_itself: bool,
    /// How often it was asked for everything, and has told it.
    pub(super) whole_readings: u32,
    tickets: Vec<TicketNews>,
    /// The numbers of the tickets that have changed since they were issued; a mark tells how many were read.
    changed: Vec<u64>,
}

impl Contents {
    /// Somebody joins and waits.
    pub(super) fn join(&mut self) -> Ticket {
        let ticket = waiting(u64::try_from(self.tickets.len()).unwrap() + 1);
        self.tickets.push(TicketNews { ticket, passed_over: false, admitted_at: None });
        ticket
    }

    pub(super) fn change(&mut self, number: u64, change: impl FnOnce(&mut TicketNews)) {
        change(&mut self.tickets[usize::try_from(number).unwrap() - 1]);
        self.changed.push(number);
    }

    /// Somebody's turn comes, or is claimed.
    pub(super) fn admit(&mut self, number: u64, at: Timestamp, claimed: bool) {
        let turn = self.policy.turn(claimed, at);
        self.change(number, |news| {
            news.ticket.state = turn;
            news.admitted_at.get_or_insert(at);
        });
    }

    pub(super) fn end(&mut self, number: u64) {
        self.change(number, |news| news.ticket.state = TicketState::Ended { reason: EndReason::Left });
    }

    pub(super) fn pass_over(&mut self, number: u64) {
        self.change(number, |news| news.passed_over = true);
    }

    /// Knows nothing any more of what has changed until now.
    pub(super) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    fn read(&mut self, since: Option<&RoomMark>, now: Timestamp) -> RoomReading {
        self.whole_readings += u32::from(since.is_none());
        let changed = |since: &RoomMark| {
            let told: usize = if self.repeats_itself { 0 } else { since.0.parse().unwrap() };
            let news = self.changed[told..].iter().map(|number| self.news(*number)).collect();
            RoomContents::Changed(news)
        };
        RoomReading {
            mark: RoomMark(self.changed.len().to_string()),
            taken_at: now,
            policy: self.policy,
            last_number: u64::try_from(self.tickets.len()).unwrap(),
            contents: since.map_or_else(|| self.whole(), changed),
        }
    }

    fn news(&self, number: u64) -> TicketNews {
        self.tickets[usize::try_from(number).unwrap() - 1]
    }

    fn whole(&self) -> RoomContents {
        let numbers = |is_wanted: fn(&&TicketNews) -> bool| {
            self.tickets.iter().filter(is_wanted).map(|news| news.ticket.number).collect()
        };
        RoomContents::Whole {
            waiting: numbers(|news| waits(news)),
            passed_over: numbers(|news| news.passed_over),
            turns: self.turns().map(|news| news.ticket).collect(),
            admitted_at: self.tickets.iter().filter_map(|news| news.admitted_at).collect(),
        }
    }

    fn turns(&self) -> impl Iterator<Item = &TicketNews> {
        self.tickets.iter().filter(|news| matches!(news.ticket.state, TicketState::Active { .. }))
    }

    /// Ends what has run out, and fills the free slots.
    fn fill_slots(&mut self, now: Timestamp) -> u64 {
        if !self.admits {
            return 0;
        }
        let ended = self.turns().filter(|news| news.ticket.state_at(now) != news.ticket.state);
        for number in ended.map(|news| news.ticket.number).collect::<Vec<_>>() {
            self.change(number, |news| news.ticket.state = news.ticket.state_at(now));
        }
        let free =
            usize::try_from(self.policy.max_active.get()).unwrap().saturating_sub(self.turns().count());
        let there = self.tickets.iter().filter(|news| waits(news) && !news.passed_over);
        let admitted: Vec<_> = there.take(free).map(|news| news.ticket.number).collect();
        for number in &admitted {
            self.admit(*number, now, false);
        }
        u64::try_from(admitted.len()).unwrap()
    }
}

fn waits(news: &TicketNews) -> bool {
    news.ticket.state == TicketState::Waiting
}

/// The store and its clock, which begins at the second 0.
pub(super) struct Store {
    began: Instant,
    contents: Mutex<Contents>,
    calls: Mutex<Vec<(Instant, Call)>>,
    notice: Notify,
}

impl Store {
    /// What the store is asked within a time from now on, and how long after its beginning.
    pub(super) async fn calls_during(&self, time: Duration) -> Vec<(Duration, Call)> {
        let (from, before) = (Instant::now(), self.calls.lock().unwrap().len());
        sleep(time).await;
        let calls = self.calls.lock().unwrap();
        calls[before..].iter().map(|(at, call)| (*at - from, call.clone())).collect()
    }

    /// When it is asked so within a time.
    pub(super) async fn times_during(&self, time: Duration, is_meant: fn(&Call) -> bool) -> Vec<Duration> {
        let calls = self.calls_during(time).await;
        calls.into_iter().filter(|(_, call)| is_meant(call)).map(|(at, _)| at).collect()
    }

    /// The roll calls within a time.
    pub(super) async fn rolls_during(&self, time: Duration) -> Vec<(Duration, RollCall)> {
        let calls = self.calls_during(time).await.into_iter();
        calls
            .filter_map(|(at, call)| if let Call::Roll(roll) = call { Some((at, roll)) } else { None })
            .collect()
    }

    /// How many claims it was asked for until now.
    pub(super) fn claims(&self) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(_, call)| matches!(call, Call::Claim(_))).count()
    }

    /// Answers with what is so when it is asked, and takes its time to tell.
    async fn answer<T>(&self, call: Call, known: impl FnOnce(&mut Contents) -> T) -> Result<T, StorageError> {
        let is_claim = matches!(call, Call::Claim(_));
        self.calls.lock().unwrap().push((Instant::now(), call));
        let (takes, known) = {
            let mut contents = self.contents.lock().unwrap();
            match contents.answers {
                Answers::WithWhatItKnows if is_claim => (contents.claims_take, Some(known(&mut contents))),
                Answers::WithWhatItKnows => (TAKES, Some(known(&mut contents))),
                Answers::WithAnError => (TAKES, None),
                Answers::Never => (Duration::MAX, None),
            }
        };
        sleep(takes).await;
        known.ok_or_else(|| StorageError::unavailable("the test has put the store away"))
    }
}

impl Clock for Store {
    fn now(&self) -> Timestamp {
        at(0) + self.began.elapsed()
    }
}

#[async_trait]
impl RoomNotices for Store {
    async fn next(&self) {
        self.notice.notified().await;
    }
}

#[async_trait]
impl WaitingRoom for Store {
    async fn join(&self, _: Newcomer) -> Result<Joined, StorageError> {
        unreachable!("a room in memory lets nobody join")
    }

    async fn find(&self, _: TicketId) -> Result<Option<Ticket>, StorageError> {
        unreachable!("a room in memory claims the tickets that it finds")
    }

    async fn claim(&self, ticket: TicketId, user: UserId) -> Result<Option<Ticket>, StorageError> {
        assert_eq!(ticket.0, user.0, "expected somebody's own ticket");
        let (number, now) = (u64::try_from(ticket.0.as_u128()).unwrap(), self.now());
        self.answer(Call::Claim(number), |contents| {
            let news = contents.tickets.get(usize::try_from(number).unwrap() - 1)?;
            if news.ticket.is_unclaimed() {
                contents.admit(number, now, true);
            }
            Some(contents.news(number).ticket)
        })
        .await
    }

    async fn leave(&self, _: TicketId) -> Result<Left, StorageError> {
        unreachable!("a room in memory lets nobody leave")
    }

    async fn admit(&self) -> Result<u64, StorageError> {
        let now = self.now();
        self.answer(Call::Admit, |contents| contents.fill_slots(now)).await
    }

    async fn call_roll(&self, roll: &RollCall) -> Result<u64, StorageError> {
        self.answer(Call::Roll(roll.clone()), |_| 0).await
    }

    async fn change_policy(&self, _: &PolicyChange) -> Result<RoomPolicy, StorageError> {
        unreachable!("a room in memory changes no policy")
    }

    async fn read_room(&self, since: Option<RoomMark>) -> Result<RoomReading, StorageError> {
        let now = self.now();
        self.answer(Call::Read, |contents| contents.read(since.as_ref(), now)).await
    }
}

/// A store, and a room that follows it.
pub(super) struct Stage {
    pub(super) store: Arc<Store>,
    pub(super) room: Arc<LiveRoom>,
}

impl Stage {
    /// A room on a store that is prepared first.
    pub(super) async fn new(prepare: impl FnOnce(&mut Contents)) -> Self {
        let mut contents = Contents {
            policy: RoomPolicy::default(),
            answers: Answers::WithWhatItKnows,
            admits: true,
            claims_take: TAKES,
            repeats_itself: false,
            whole_readings: 0,
            tickets: vec![],
            changed: vec![],
        };
        prepare(&mut contents);
        let store = Arc::new(Store {
            began: Instant::now(),
            contents: Mutex::new(contents),
            calls: Mutex::default(),
            notice: Notify::new(),
        });
        let room = LiveRoom::start(store.clone(), store.clone(), store.clone(), false).await.unwrap();
        Self { store, room }
    }

    /// What the store knows.
    pub(super) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.store.contents.lock().unwrap()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// The store tells that something may have changed.
    pub(super) fn give_notice(&self) {
        self.store.notice.notify_one();
    }
}

/// The numbers that a roll call tells of.
pub(super) fn numbers(roll: &RollCall) -> Vec<u64> {
    roll.signs.iter().map(|sign| sign.number).collect()
}

pub(super) fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(second, 0).unwrap()
}

/// A ticket as it was issued.
pub(super) fn waiting(number: u64) -> Ticket {
    let id = Uuid::from_u128(number.into());
    let state = TicketState::Waiting;
    Ticket { id: TicketId(id), user: UserId(id), number, issued_at: at(0), state }
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) const fn milliseconds(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
