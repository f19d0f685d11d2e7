//! Somebody who calls, and notes every call.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use tokio::time::{sleep, timeout};

use super::{
    answers::{self, Answer},
    connection::{Connection, send_a_part},
    gates::{Gate, Gates},
    outgoing::Outgoing,
};
use crate::{
    directory::Directory,
    history::{Call, Clock, Code, FanNumber, Moment, Told},
};

/// An answer that has not come after this time is a fault.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a connection is cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Before the whole request was sent.
    MidRequest,
    /// So long after the whole request was sent, without having read the answer.
    AfterRequest(Duration),
}

/// What all callers share.
#[derive(Debug)]
pub struct Wires {
    /// The instances.
    pub gates: Gates,
    /// The storm's clock.
    pub clock: Clock,
    /// Which ids have which numbers.
    pub directory: Directory,
    /// How many calls were made, without those that were told that the store is away.
    pub calls: AtomicU64,
}

/// One caller, who may make several calls at once.
pub struct Caller {
    wires: Arc<Wires>,
    fan: FanNumber,
    rng: Mutex<Rng>,
    idle: Mutex<Vec<(Gate, Connection)>>,
    calls: Mutex<Vec<Call>>,
}

impl Caller {
    /// Somebody with a number.
    #[must_use]
    pub fn new(wires: Arc<Wires>, fan: FanNumber, rng: Rng) -> Self {
        Self { wires, fan, rng: Mutex::new(rng), idle: Mutex::default(), calls: Mutex::default() }
    }

    /// What was noted.
    #[must_use]
    pub fn into_calls(self) -> Vec<Call> {
        self.calls.into_inner().unwrap()
    }

    /// The storm's clock.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.wires.clock.now()
    }

    /// Calls any instance.
    pub async fn call(&self, outgoing: &Outgoing) -> Answer {
        self.call_and_cut(outgoing, None).await
    }

    /// Calls any instance, and cuts the connection if told so.
    pub async fn call_and_cut(&self, outgoing: &Outgoing, cut: Option<Cut>) -> Answer {
        loop {
            let mut rng = self.rng.lock().unwrap().fork();
            let gate = self.wires.gates.any(&mut rng).await;
            if let Some(answer) = self.call_at(gate, outgoing, cut).await {
                return answer;
            }
        }
    }

    /// Calls one instance; none if it can not be reached because it was killed.
    async fn call_at(&self, gate: Gate, outgoing: &Outgoing, cut: Option<Cut>) -> Option<Answer> {
        if let Some(Cut::MidRequest) = cut {
            let began = self.now();
            let linger = Duration::from_micros(self.rng.lock().unwrap().u64(..2_000));
            if send_a_part(gate.address, outgoing, linger).await.is_err() && !self.wires.gates.is_open(gate) {
                return None;
            }
            return Some(self.note(gate, began, outgoing, cut, Answer::none(Told::Unsent)));
        }
        let mut connection = match self.idle_connection(gate) {
            Some(connection) => connection,
            None => match Connection::open(gate.address).await {
                Ok(connection) => connection,
                Err(error) => {
                    if self.wires.gates.is_open(gate) {
                        let now = self.now();
                        let fault = format!("an instance that runs can not be reached: {error}");
                        let answer = Answer::faulty(Told::Unsent, fault);
                        return Some(self.note(gate, now, outgoing, None, answer));
                    }
                    sleep(Duration::from_millis(2)).await;
                    return None;
                }
            },
        };
        let began = self.now();
        if let Some(Cut::AfterRequest(delay)) = cut {
            let answer = match timeout(delay, connection.exchange(outgoing)).await {
                Ok(Ok(reply)) => answers::read(outgoing, &reply, &self.wires),
                Ok(Err(_)) | Err(_) => Answer::none(Told::Unknown),
            };
            return Some(self.note(gate, began, outgoing, cut, answer));
        }
        let answer = match timeout(PATIENCE, connection.exchange(outgoing)).await {
            Ok(Ok(reply)) => {
                if connection.is_good() {
                    self.idle.lock().unwrap().push((gate, connection));
                }
                answers::read(outgoing, &reply, &self.wires)
            }
            Ok(Err(error)) if self.wires.gates.is_open(gate) => {
                Answer::faulty(Told::Unknown, format!("an instance that runs did not answer: {error:?}"))
            }
            Ok(Err(_)) => Answer::none(Told::Unknown),
            Err(_) => Answer::faulty(Told::Unknown, format!("no answer within {PATIENCE:?}")),
        };
        Some(self.note(gate, began, outgoing, None, answer))
    }

    fn idle_connection(&self, gate: Gate) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap();
        idle.retain(|(kept, connection)| connection.is_good() && self.wires.gates.is_open(*kept));
        let place = idle.iter().position(|(kept, _)| *kept == gate)?;
        Some(idle.swap_remove(place).1)
    }

    fn note(
        &self,
        gate: Gate,
        began: Moment,
        outgoing: &Outgoing,
        cut: Option<Cut>,
        answer: Answer,
    ) -> Answer {
        // While the store is away, calls are many and tell little: they are judged, but do not count.
        if answer.told.code() != Some(Code::StoreUnavailable) {
            self.wires.calls.fetch_add(1, Ordering::Relaxed);
        }
        self.calls.lock().unwrap().push(Call {
            fan: self.fan,
            instance: u8::try_from(gate.instance).unwrap(),
            began,
            ended: self.now(),
            ticket: outgoing.ticket,
            key: outgoing.key,
            ask: outgoing.ask,
            is_cut: cut.is_some(),
            told: answer.told.clone(),
            replayed: answer.replayed,
            body: answer.body,
            fault: answer.fault.clone(),
        });
        answer
    }
}
