//! Those who ask for something: who joins, who waits and polls, who buys.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use encore_benches::{
    http::{Answer, keyed_request, request},
    room::Room,
};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::sections::slots::SEATS;

/// Turns that are live, as many as the policy allows.
pub(super) const INSIDE: u64 = 2_000;
/// Those who wait from the start; those who poll are among them.
const WAITING: u64 = 200_000;
/// Those who can join.
const JOINERS: u64 = 400_000;
/// What a seat costs.
const PRICE: i64 = 10;

pub(super) const EMAIL: &str = "somebody@example.org";
pub(super) const PASSWORD: &str = "a long password";

/// Of a thousand who ask: so many poll, join, and log in; the others are on their way to a ticket.
const POLLS: u32 = 450;
const JOINS: u32 = 150;
const LOGINS: u32 = 2;

/// What somebody asks for.
pub(super) enum Errand {
    Poll,
    LogIn,
    Join(u64),
    Buy(Buyer),
}

/// Somebody on the way to a ticket.
pub(super) struct Buyer {
    number: u64,
    step: Step,
    /// Of all seats of all schedules, which one.
    seat: Option<usize>,
    reservation: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    List,
    Hold,
    Charge,
    Pay,
}

/// Everybody.
pub(super) struct Crowd {
    pub(super) room: Room,
    schedules: Vec<String>,
    state: Mutex<State>,
}

struct State {
    rng: Rng,
    polled: u64,
    next_joiner: u64,
    /// Who was refused comes again.
    joiners: Vec<u64>,
    /// Who is under way to a ticket and does not wait for an answer.
    buyers: VecDeque<Buyer>,
    seats_taken: usize,
    told: Told,
}

/// What was acknowledged: the numbers of the users.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) joined: Vec<u64>,
    pub(super) charged: Vec<u64>,
    pub(super) paid: Vec<u64>,
}

impl Errand {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::LogIn => "log in",
            Self::Join(_) => "join",
            Self::Buy(Buyer { step: Step::List, .. }) => "list the seats",
            Self::Buy(Buyer { step: Step::Hold, .. }) => "hold",
            Self::Buy(Buyer { step: Step::Charge, .. }) => "charge",
            Self::Buy(Buyer { step: Step::Pay, .. }) => "pay",
        }
    }
}

impl Crowd {
    /// Fills a room.
    pub(super) async fn gather(room: Room) -> Self {
        room.register_without_money(1..=INSIDE + WAITING + JOINERS).await;
        room.fill(1..=INSIDE + WAITING).await;
        let buyers = (1..=INSIDE).map(Buyer::new).collect();
        let state = State {
            rng: Rng::with_seed(7),
            polled: 0,
            next_joiner: INSIDE + WAITING + 1,
            joiners: Vec::new(),
            buyers,
            seats_taken: 0,
            told: Told::default(),
        };
        Self { room, schedules: Vec::new(), state: Mutex::new(state) }
    }

    pub(super) fn sell(&mut self, schedules: Vec<String>) {
        self.schedules = schedules;
    }

    pub(super) fn told(&self) -> Told {
        self.state().told.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked for next, and how.
    pub(super) fn next(&self) -> (Errand, Vec<u8>) {
        let (errand, polls) = self.state().next_errand(self.schedules.len() * SEATS);
        let request = match &errand {
            // From the end of the queue, which nobody's turn gets near to.
            Errand::Poll => {
                self.room.request(INSIDE + WAITING - polls % (WAITING / 2), "GET", "/queue/status")
            }
            Errand::LogIn => {
                let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
                request("POST", "/sessions", None, Some(&body))
            }
            Errand::Join(user) => {
                let body = json!({"userId": Room::user(*user)}).to_string();
                request("POST", "/queue/tokens", None, Some(&body))
            }
            Errand::Buy(buyer) => self.step(buyer),
        };
        (errand, request)
    }

    fn step(&self, Buyer { number, step, seat, reservation }: &Buyer) -> Vec<u8> {
        let token = self.room.token(*number);
        let seat = seat.expect("whoever is under way has a seat in mind");
        let schedule = &self.schedules[seat / SEATS];
        let post = |path: &str, body: Value| {
            let key = format!("once-{number}");
            keyed_request("POST", path, Some(&token), Some(&key), Some(&body.to_string()))
        };
        match step {
            Step::List => request("GET", &format!("/schedules/{schedule}/seats"), Some(&token), None),
            Step::Hold => {
                post("/reservations", json!({"scheduleId": schedule, "seatNumbers": [seat % SEATS + 1]}))
            }
            Step::Charge => {
                let path = format!("/users/{}/balance/charges", Room::user(*number));
                post(&path, json!({"amount": PRICE}))
            }
            Step::Pay => post("/payments", json!({"reservationId": reservation})),
        }
    }

    /// Takes note of an answer, or that there was none: whoever was not served asks again, with the same key.
    pub(super) fn answered(&self, errand: Errand, answer: Option<&Answer>) {
        let served = answer.filter(|answer| answer.status < 300);
        let mut state = self.state();
        match (errand, served) {
            (Errand::Poll | Errand::LogIn, _) => {}
            (Errand::Join(user), Some(_)) => state.told.joined.push(user),
            (Errand::Join(user), None) => state.joiners.push(user),
            (Errand::Buy(buyer), Some(answer)) => state.go_on(buyer, answer),
            (Errand::Buy(buyer), None) => state.buyers.push_back(buyer),
        }
    }
}

impl Buyer {
    fn new(number: u64) -> Self {
        Self { number, step: Step::List, seat: None, reservation: None }
    }
}

impl State {
    fn next_errand(&mut self, seats: usize) -> (Errand, u64) {
        let kind = self.rng.u32(0..1_000);
        if kind < JOINS {
            return (Errand::Join(self.joiner()), 0);
        }
        if kind < JOINS + LOGINS {
            return (Errand::LogIn, 0);
        }
        if kind >= JOINS + LOGINS + POLLS
            && let Some(mut buyer) = self.buyers.pop_back()
        {
            if buyer.seat.is_none() {
                assert!(self.seats_taken < seats, "there are too few seats for this machine");
                buyer.seat = Some(self.seats_taken);
                self.seats_taken += 1;
            }
            return (Errand::Buy(buyer), 0);
        }
        self.polled += 1;
        (Errand::Poll, self.polled)
    }

    fn joiner(&mut self) -> u64 {
        self.joiners.pop().unwrap_or_else(|| {
            self.next_joiner += 1;
            self.next_joiner - 1
        })
    }

    fn go_on(&mut self, mut buyer: Buyer, answer: &Answer) {
        buyer.step = match buyer.step {
            Step::List => Step::Hold,
            Step::Hold => {
                let held: Value = serde_json::from_slice(&answer.body).unwrap();
                buyer.reservation = held["reservationId"].as_str().map(str::to_owned);
                Step::Charge
            }
            Step::Charge => {
                self.told.charged.push(buyer.number);
                Step::Pay
            }
            Step::Pay => {
                self.told.paid.push(buyer.number);
                // Behind all others, so that the turn has come when it is this one's.
                let next = INSIDE + self.told.paid.len() as u64;
                return self.buyers.push_front(Buyer::new(next));
            }
        };
        self.buyers.push_back(buyer);
    }
}
