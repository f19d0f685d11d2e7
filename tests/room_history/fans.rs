//! What fans do, one visit each.

use encore_tests::{
    client::Answer,
    history::{
        answers::{Told, What},
        events::Reason,
    },
};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

use crate::gates::{Exchange, Gates};

/// The seats there are for sale.
pub(crate) struct Stage {
    pub(crate) concert: Uuid,
    pub(crate) schedules: Vec<Uuid>,
}

pub(crate) const SEATS: i64 = 50;
pub(crate) const PRICE: i64 = 1_000;

/// What somebody has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// Gives the place up before it is their turn.
    LeaveTheLine,
    /// Takes a place and is never heard of again.
    Vanish,
    /// Looks around, and leaves.
    Browse,
    /// Looks around, and is never heard of again.
    Stay,
    /// Holds a seat and pays for it.
    Buy,
}

impl Plan {
    fn pick(rng: &mut Rng) -> Self {
        match rng.u8(..100) {
            ..25 => Self::LeaveTheLine,
            25..65 => Self::Vanish,
            65..85 => Self::Browse,
            85..90 => Self::Stay,
            _ => Self::Buy,
        }
    }
}

/// One in so many joins twice at the same moment.
const JOINS_TWICE: u8 = 10;
/// One in so many takes a new place after the first has ended.
const COMES_BACK: u8 = 10;

/// Somebody's visit.
pub(crate) struct Fan<'a> {
    gates: &'a Gates,
    stage: &'a Stage,
    rng: Rng,
    user: Uuid,
    number: u64,
    token: String,
    told: Vec<Told>,
}

/// Visits as the generator decides; tells everything that was told.
pub(crate) async fn visit(gates: &Gates, stage: &Stage, user: Uuid, mut rng: Rng) -> Vec<Told> {
    let plan = Plan::pick(&mut rng);
    let mut fan = Fan { gates, stage, rng, user, number: 0, token: String::new(), told: vec![] };
    if fan.one_in(JOINS_TWICE) {
        fan.join_twice().await;
    } else {
        fan.join().await;
    }
    fan.carry_out(plan).await;
    let is_gone = matches!(plan, Plan::LeaveTheLine | Plan::Browse | Plan::Buy);
    if is_gone && fan.one_in(COMES_BACK) {
        fan.join().await;
        fan.leave().await;
    }
    fan.told
}

impl Fan<'_> {
    fn one_in(&mut self, chances: u8) -> bool {
        self.rng.u8(..chances) == 0
    }

    async fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::LeaveTheLine => {
                self.wait_a_little().await;
                self.leave().await;
            }
            Plan::Vanish => self.wait_a_little().await,
            Plan::Browse => {
                if self.wait_for_the_turn().await && self.browse().await {
                    self.leave().await;
                }
            }
            Plan::Stay => {
                if self.wait_for_the_turn().await {
                    self.browse().await;
                }
            }
            Plan::Buy => {
                if self.wait_for_the_turn().await && !self.buy().await {
                    self.leave().await;
                }
            }
        }
    }

    async fn call(&mut self, method: Method, path: &str, body: Option<Value>) -> Exchange {
        let key = Uuid::from_u128(self.rng.u128(..)).to_string();
        let token = &self.token;
        self.gates
            .call(&mut self.rng, |client, url| {
                let request =
                    client.request(method.clone(), format!("{url}/api/v1{path}")).bearer_auth(token);
                match &body {
                    Some(body) => request.header("Idempotency-Key", &key).json(body),
                    None => request,
                }
            })
            .await
    }

    fn note(&mut self, exchange: &Exchange, what: What) {
        let Exchange { sent, received, .. } = *exchange;
        self.told.push(Told { user: self.user, number: self.number, what, sent, received });
    }

    /// Takes a place, as soon as the room takes anybody.
    async fn join(&mut self) {
        let exchange = join(self.gates, self.user, &mut self.rng).await;
        self.take(&exchange);
    }

    /// Takes a place twice at the same moment, which gives one place.
    async fn join_twice(&mut self) {
        let mut others = self.rng.fork();
        let (first, second) = tokio::join!(
            join(self.gates, self.user, &mut self.rng),
            join(self.gates, self.user, &mut others)
        );
        self.take(&second);
        self.take(&first);
    }

    fn take(&mut self, exchange: &Exchange) {
        self.number = exchange.answer.body["number"].as_u64().expect("a number");
        self.token = exchange.answer.text_of("token");
        let what = place_of(&exchange.answer);
        self.note(exchange, what);
    }

    async fn ask(&mut self) -> What {
        let exchange = self.call(Method::GET, "/queue/status", None).await;
        let answer = exchange.answer.clone().expect(200);
        assert_eq!(answer.body["number"], self.number, "the number stays: {answer:?}");
        let what = place_of(&answer);
        self.note(&exchange, what);
        what
    }

    /// Asks once or not at all.
    async fn wait_a_little(&mut self) {
        if self.one_in(2) {
            self.pause().await;
            self.ask().await;
        }
    }

    /// Asks until it is its turn; false if the turn came and went meanwhile.
    async fn wait_for_the_turn(&mut self) -> bool {
        loop {
            match self.ask().await {
                What::Waiting { .. } => self.pause().await,
                What::Active => return true,
                What::Ended(_) => return false,
            }
        }
    }

    /// Asks more often than it was told to, so that a storm is over soon.
    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.rng.u64(300..900))).await;
    }

    /// A call that takes a turn; none if the turn has ended.
    async fn call_inside(&mut self, method: Method, path: &str, body: Option<Value>) -> Option<Answer> {
        let exchange = self.call(method, path, body).await;
        if exchange.answer.status == 401 {
            self.note(&exchange, What::Ended(ended(&exchange.answer)));
            return None;
        }
        self.note(&exchange, What::Active);
        Some(exchange.answer)
    }

    async fn browse(&mut self) -> bool {
        let path = match self.rng.u8(..3) {
            0 => "/concerts".to_owned(),
            1 => format!("/concerts/{}/schedules", self.stage.concert),
            _ => format!("/schedules/{}/seats", self.any_schedule()),
        };
        let Some(answer) = self.call_inside(Method::GET, &path, None).await else { return false };
        answer.expect(200);
        true
    }

    fn any_schedule(&mut self) -> Uuid {
        self.stage.schedules[self.rng.usize(..self.stage.schedules.len())]
    }

    /// Holds any seat, charges its price and pays; whether that ended the turn.
    async fn buy(&mut self) -> bool {
        let wish = json!({"scheduleId": self.any_schedule(), "seatNumbers": [self.rng.i64(1..=SEATS)]});
        let Some(held) = self.call_inside(Method::POST, "/reservations", Some(wish)).await else {
            return true;
        };
        if held.status == 409 {
            held.refused(409, "SEAT_TAKEN");
            return false;
        }
        let reservation = held.expect(201).id_of("reservationId");
        let path = format!("/users/{}/balance/charges", self.user);
        let charge = self.call_inside(Method::POST, &path, Some(json!({"amount": PRICE}))).await;
        let Some(charge) = charge else { return true };
        charge.expect(201);
        let payment = Some(json!({"reservationId": reservation}));
        let exchange = self.call(Method::POST, "/payments", payment).await;
        self.note_end(&exchange, 201, Reason::Paid);
        true
    }

    async fn leave(&mut self) {
        let exchange = self.call(Method::DELETE, "/queue/tokens/current", None).await;
        self.note_end(&exchange, 204, Reason::Left);
    }

    /// Notes that a call ended the turn, unless it had ended already.
    fn note_end(&mut self, exchange: &Exchange, status: u16, reason: Reason) {
        if exchange.answer.status == 401 {
            self.note(exchange, What::Ended(ended(&exchange.answer)));
            return;
        }
        exchange.answer.clone().expect(status);
        self.note(exchange, What::Ended(reason));
    }
}

/// Asks for a place until the room takes somebody.
async fn join(gates: &Gates, user: Uuid, rng: &mut Rng) -> Exchange {
    let body = json!({"userId": user});
    loop {
        let exchange = gates
            .call(rng, |client, url| client.post(format!("{url}/api/v1/queue/tokens")).json(&body))
            .await;
        if exchange.answer.status != 503 {
            assert!([200, 201].contains(&exchange.answer.status), "a place: {:?}", exchange.answer);
            return exchange;
        }
        exchange.answer.refused(503, "QUEUE_CLOSED");
        sleep(Duration::from_millis(rng.u64(100..400))).await;
    }
}

fn place_of(answer: &Answer) -> What {
    match answer.body["status"].as_str() {
        Some("WAITING") => What::Waiting { ahead: answer.body["ahead"].as_u64().expect("ahead") },
        Some("ACTIVE") => What::Active,
        Some("ENDED") => What::Ended(reason_of(answer)),
        _ => panic!("a ticket has a status: {answer:?}"),
    }
}

/// Why a call was refused to a token that has ended.
fn ended(answer: &Answer) -> Reason {
    reason_of(&answer.clone().refused(401, "QUEUE_TOKEN_ENDED"))
}

fn reason_of(answer: &Answer) -> Reason {
    serde_json::from_value(answer.body["reason"].clone()).unwrap_or_else(|_| panic!("a reason: {answer:?}"))
}
