//! What fans, operator and faults share.

use std::sync::{
    Arc, Mutex, RwLock,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use fastrand::Rng;

use crate::{
    history::{FanNumber, Id, ScheduleNumber},
    settings::Settings,
    wire::caller::Wires,
};

/// How many things of others a malicious fan can choose among.
const SEEN_AT_MOST: usize = 512;

/// A schedule that is on sale.
#[derive(Debug)]
pub struct Scheduled {
    /// Its number.
    pub number: ScheduleNumber,
    /// Its id.
    pub id: Id,
    /// How many of its seats are sold, more or less.
    pub sold: AtomicU32,
    /// Payments for it that nobody has refunded, with their seats.
    pub payments: Mutex<Vec<(Id, u32)>>,
}

/// Where the storm takes place.
#[derive(Debug)]
pub struct Stage {
    /// How large it is.
    pub settings: Settings,
    /// The ways to the service.
    pub wires: Arc<Wires>,
    /// The concert that all schedules are of.
    pub concert: Id,
    /// The few schedules that everybody wants seats of.
    pub schedules: RwLock<Vec<Arc<Scheduled>>>,
    reservations: Mutex<Vec<(FanNumber, Id)>>,
    payments: Mutex<Vec<(FanNumber, Id)>>,
    over: AtomicBool,
}

impl Stage {
    /// An empty stage.
    #[must_use]
    pub fn new(settings: Settings, wires: Arc<Wires>, concert: Id) -> Self {
        Self {
            settings,
            wires,
            concert,
            schedules: RwLock::default(),
            reservations: Mutex::default(),
            payments: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.wires.calls.load(Ordering::Relaxed)
    }

    /// Whether everybody goes home.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Sends everybody home.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Puts a schedule on sale.
    pub fn add_schedule(&self, id: Id) -> Arc<Scheduled> {
        let number = self.wires.directory.add_schedule(id);
        Arc::new(Scheduled { number, id, sold: AtomicU32::new(0), payments: Mutex::default() })
    }

    /// Any schedule on sale; the first ones are wanted most.
    pub fn any_schedule(&self, rng: &mut Rng) -> Arc<Scheduled> {
        let schedules = self.schedules.read().unwrap();
        let among = if rng.u8(..3) == 0 { schedules.len() } else { 1 + schedules.len() / 2 };
        Arc::clone(&schedules[rng.usize(..among.min(schedules.len()))])
    }

    /// Lets others know of a reservation.
    pub fn show_reservation(&self, fan: FanNumber, reservation: Id, rng: &mut Rng) {
        remember(&self.reservations, fan, reservation, rng);
    }

    /// Lets others know of a payment.
    pub fn show_payment(&self, fan: FanNumber, payment: Id, rng: &mut Rng) {
        remember(&self.payments, fan, payment, rng);
    }

    /// A reservation of somebody else's.
    pub fn reservation_of_another(&self, fan: FanNumber, rng: &mut Rng) -> Option<Id> {
        of_another(&self.reservations, fan, rng)
    }

    /// A payment of somebody else's.
    pub fn payment_of_another(&self, fan: FanNumber, rng: &mut Rng) -> Option<Id> {
        of_another(&self.payments, fan, rng)
    }
}

fn remember(seen: &Mutex<Vec<(FanNumber, Id)>>, fan: FanNumber, id: Id, rng: &mut Rng) {
    let mut seen = seen.lock().unwrap();
    if seen.len() < SEEN_AT_MOST {
        seen.push((fan, id));
    } else {
        seen[rng.usize(..SEEN_AT_MOST)] = (fan, id);
    }
}

fn of_another(seen: &Mutex<Vec<(FanNumber, Id)>>, fan: FanNumber, rng: &mut Rng) -> Option<Id> {
    let seen = seen.lock().unwrap();
    let (owner, id) = *seen.get(rng.usize(..seen.len().max(1)))?;
    (owner != fan).then_some(id)
}
