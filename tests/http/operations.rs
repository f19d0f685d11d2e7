//! Every operation that asks something of the store, ready to be sent.

use encore_tests::{
    client::{Fan, Show, send},
    service::{self, Service},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use Needs::{Memory, TheStore};

/// What an operation can be told while the store hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    TheStore,
    /// What the instance remembers is enough.
    Memory,
}

/// Those who ask for something, and what they ask about.
pub(crate) struct Cast<'a> {
    service: &'a Service,
    show: Show,
    /// Have their turn: one for each change that ends something.
    fans: Vec<Fan<'a>>,
    reservations: Vec<Uuid>,
    payment: Uuid,
    newcomer: Uuid,
}

const EMAIL: &str = "somebody@example.org";
const PASSWORD: &str = "a long password";

impl<'a> Cast<'a> {
    pub(crate) async fn new(service: &'a Service) -> Self {
        let show = service.concert(100).await;
        let registration = json!({"name": "Somebody", "email": EMAIL, "password": PASSWORD});
        send(service.request(Method::POST, "/users").json(&registration)).await.expect(201);
        let (mut fans, mut reservations) = (vec![], vec![]);
        for seat in 1..=4 {
            let fan = service.fan().await;
            fan.charge(1_000).await.expect(201);
            reservations.push(fan.hold(show.schedule, &[seat]).await.expect(201).id_of("reservationId"));
            fans.push(fan);
        }
        let buyer = service.fan().await;
        buyer.charge(100).await.expect(201);
        let bought = buyer.hold(show.schedule, &[5]).await.expect(201).id_of("reservationId");
        let payment = buyer.pay(bought).await.expect(201).id_of("paymentId");
        let newcomer = service.user().await;
        Self { service, show, fans, reservations, payment, newcomer }
    }

    /// Every operation that asks something of the store, or of what is remembered of it.
    pub(crate) fn operations(&self) -> Vec<(&'static str, Needs, RequestBuilder)> {
        let [holder, canceller, payer, leaver] = &self.fans[..] else { panic!("four have come") };
        let path = |rest: &str| format!("/users/{}/{rest}", holder.user);
        let (concert, schedule) = (self.show.concert, self.show.schedule);
        let post = |fan: &Fan<'_>, path: &str, body: Value| fan.request(Method::POST, path).json(&body);
        let get = |path: &str| holder.request(Method::GET, path);
        let operator = |method, path: &str, body: Value| {
            self.service.request(method, path).bearer_auth(service::ADMIN_KEY).json(&body)
        };
        let public = |path: &str, body: Value| self.service.request(Method::POST, path).json(&body);
        let email = format!("{}@example.org", Uuid::now_v7());
        let date = (chrono::Utc::now() + chrono::Duration::days(30)).to_rfc3339();
        let seats = json!([{"from": 1, "to": 50, "grade": "R", "price": 100}]);
        let credentials = json!({"email": EMAIL, "password": PASSWORD});
        let registration = json!({"name": "A fan", "email": email, "password": PASSWORD});
        let hold = json!({"scheduleId": schedule, "seatNumbers": [9]});
        let cancelled = format!("/reservations/{}", self.reservations[1]);
        let schedule_body = json!({"concertDate": date, "seats": seats});
        vec![
            ("register", TheStore, public("/users", registration)),
            ("login", TheStore, public("/sessions", credentials.clone())),
            ("join with a password", TheStore, public("/queue/tokens", credentials)),
            ("join", TheStore, public("/queue/tokens", json!({"userId": self.newcomer}))),
            ("status", Memory, get("/queue/status")),
            ("leave", TheStore, leaver.request(Method::DELETE, "/queue/tokens/current")),
            ("concerts", TheStore, get("/concerts")),
            ("schedules", TheStore, get(&format!("/concerts/{concert}/schedules"))),
            ("seats", TheStore, get(&format!("/schedules/{schedule}/seats"))),
            ("hold", TheStore, post(holder, "/reservations", hold)),
            ("cancel", TheStore, canceller.request(Method::DELETE, &cancelled)),
            ("reservations", TheStore, get("/reservations")),
            ("a reservation", TheStore, get(&format!("/reservations/{}", self.reservations[0]))),
            ("balance", TheStore, get(&path("balance"))),
            ("charge", TheStore, post(holder, &path("balance/charges"), json!({"amount": 1}))),
            ("transactions", TheStore, get(&path("balance/transactions"))),
            ("pay", TheStore, post(payer, "/payments", json!({"reservationId": self.reservations[2]}))),
            ("payments", TheStore, get("/payments")),
            ("a concert", TheStore, operator(Method::POST, "/admin/concerts", json!({"name": "Another"}))),
            (
                "a schedule",
                TheStore,
                operator(Method::POST, &format!("/admin/concerts/{concert}/schedules"), schedule_body),
            ),
            (
                "refund",
                TheStore,
                operator(
                    Method::POST,
                    &format!("/admin/payments/{}/refund", self.payment),
                    json!({"reason": "Ill"}),
                ),
            ),
            ("policy", TheStore, operator(Method::PUT, "/admin/queue/policy", json!({"admitCount": 7}))),
            (
                "the queue",
                Memory,
                self.service.request(Method::GET, "/admin/queue").bearer_auth(service::ADMIN_KEY),
            ),
        ]
    }
}
