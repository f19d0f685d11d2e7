//! The operator, who refunds payments so that there are always seats, and puts schedules on sale.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use encore_processes::instance::ADMIN_KEY;
use fastrand::Rng;
use futures_util::future::join_all;
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    history::{Ask, Call, Id, Told},
    settings::PRICE,
    stage::{Scheduled, Stage},
    wire::{
        caller::{Caller, Cut, Wires},
        connection::Connection,
        outgoing::Outgoing,
    },
};

/// How many schedules are on sale at a time.
const ON_SALE: usize = 5;
/// With so many of its seats sold, something is done about a schedule.
const MANY_SOLD: u32 = 10;

/// The operator.
pub struct Operator {
    stage: Arc<Stage>,
    caller: Caller,
    rng: Rng,
}

impl Operator {
    /// An operator who has put some schedules on sale.
    pub async fn begin(stage: Arc<Stage>) -> Self {
        let number = stage.settings.fans;
        let mut rng = stage.settings.generator_of(u64::from(number));
        let caller = Caller::new(Arc::clone(&stage.wires), number, rng.fork());
        for _ in 0..ON_SALE {
            let schedule = create_schedule(&stage, &mut rng).await;
            stage.schedules.write().unwrap().push(schedule);
        }
        Self { stage, caller, rng }
    }

    /// Looks after the schedules until the storm is over; tells of every call that is judged.
    pub async fn live(mut self) -> Vec<Call> {
        while !self.stage.is_over() {
            let place = self.rng.usize(..ON_SALE);
            let schedule = Arc::clone(&self.stage.schedules.read().unwrap()[place]);
            if schedule.sold.load(Relaxed) > MANY_SOLD {
                self.make_room(place, &schedule).await;
            }
            sleep(Duration::from_millis(5)).await;
        }
        self.caller.into_calls()
    }

    /// Refunds what was paid for a schedule, or puts another in its place.
    async fn make_room(&mut self, place: usize, schedule: &Scheduled) {
        let payments = std::mem::take(&mut *schedule.payments.lock().unwrap());
        for chunk in payments.chunks(8) {
            let requests: Vec<_> = chunk.iter().map(|(payment, _)| refund_request(*payment)).collect();
            let ways: Vec<_> = chunk.iter().map(|_| self.rng.u16(..1_000)).collect();
            let refunds =
                requests.iter().zip(&ways).map(|(request, way)| refund(&self.caller, request, *way));
            for ((_, seats), told) in chunk.iter().zip(join_all(refunds).await) {
                if matches!(told, Told::Paid { .. }) {
                    schedule.sold.fetch_sub(*seats, Relaxed);
                }
            }
        }
        if schedule.sold.load(Relaxed) > MANY_SOLD || self.rng.u8(..10) == 0 {
            let another = create_schedule(&self.stage, &mut self.rng).await;
            self.stage.schedules.write().unwrap()[place] = another;
        }
    }
}

/// Refunds a payment: mostly once, sometimes twice at once or one after the other, or over a connection that is cut.
async fn refund(caller: &Caller, request: &Outgoing, way: u16) -> Told {
    match way {
        0..=79 => {
            let (one, other) = tokio::join!(caller.call(request), caller.call(request));
            if matches!(one.told, Told::Paid { .. }) { one.told } else { other.told }
        }
        80..=129 => {
            let told = caller.call(request).await.told;
            caller.call(request).await;
            told
        }
        130..=179 => {
            let cut = Cut::AfterRequest(Duration::from_micros(u64::from(way - 130) * 80));
            caller.call_and_cut(request, Some(cut)).await;
            caller.call(request).await.told
        }
        180..=189 => {
            caller.call_and_cut(request, Some(Cut::MidRequest)).await;
            caller.call(request).await.told
        }
        _ => caller.call(request).await.told,
    }
}

fn refund_request(payment: Id) -> Outgoing {
    Outgoing {
        user: 0,
        ask: Ask::Refund { payment },
        method: Method::POST,
        path: format!("/admin/payments/{}/refund", Uuid::from_u128(payment)),
        body: Some(r#"{"reason":"The storm needs the seats"}"#.into()),
        key: 0,
        token: ADMIN_KEY.into(),
        ticket: 0,
    }
}

/// Sets something up, as often as it takes; nobody judges that.
pub async fn set_up(wires: &Wires, rng: &mut Rng, token: &str, path: &str, body: &Value) -> Value {
    let outgoing = Outgoing {
        user: 0,
        ask: Ask::Concerts,
        method: Method::POST,
        path: path.into(),
        body: Some(body.to_string()),
        key: 0,
        token: token.into(),
        ticket: 0,
    };
    loop {
        let gate = wires.gates.any(rng).await;
        if let Ok(mut connection) = Connection::open(gate.address).await
            && let Ok(reply) = connection.exchange(&outgoing).await
        {
            if reply.status == 201 {
                return serde_json::from_slice(&reply.body).unwrap();
            }
            assert_eq!(reply.status, 503, "{path} says {}", String::from_utf8_lossy(&reply.body));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// The id that a member of a body is.
#[must_use]
pub fn id_of(body: &Value, member: &str) -> Id {
    body[member].as_str().and_then(|text| text.parse::<Uuid>().ok()).expect("an id").as_u128()
}

async fn create_schedule(stage: &Stage, rng: &mut Rng) -> Arc<Scheduled> {
    let date = chrono::Utc::now() + chrono::Duration::days(30);
    let price = PRICE as f64 / 100.0;
    let body = json!({
        "concertDate": date.to_rfc3339(),
        "seats": [{"from": 1, "to": 50, "grade": "R", "price": price}],
    });
    let path = format!("/admin/concerts/{}/schedules", Uuid::from_u128(stage.concert));
    let schedule = set_up(&stage.wires, rng, ADMIN_KEY, &path, &body).await;
    stage.add_schedule(id_of(&schedule, "scheduleId"))
}
