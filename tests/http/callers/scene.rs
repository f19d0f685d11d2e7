//! An owner of everything that can be owned, and those who call.

use std::cell::Cell;

use encore_tests::{
    client::{Fan, Show, send},
    service::{ADMIN_KEY, Service},
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{expectations::Caller, tokens};

pub(super) const PASSWORD: &str = "the password of the owner";

/// An owner with a balance, a hold and a payment, whose turn it is; and other users: one who waits, one whose turn has
/// ended, one whose turn it is.
pub(super) struct Scene<'a> {
    service: &'a Service,
    pub(super) email: String,
    access: String,
    owner: Fan<'a>,
    waiting: Fan<'a>,
    ended: Fan<'a>,
    another: Fan<'a>,
    show: Show,
    pub(super) schedule: Uuid,
    pub(super) reservation: Uuid,
    payment: Uuid,
    /// Each hold takes a seat of its own, so that what it is refused for is the caller.
    seats: Cell<i64>,
}

impl<'a> Scene<'a> {
    pub(super) async fn new(service: &'a Service) -> Self {
        service
            .policy(json!({"maxActive": 1_000_000, "sessionSeconds": 86_400, "claimSeconds": 86_400}))
            .await;
        let email = format!("{}@example.org", Uuid::now_v7());
        let account = json!({"name": "Ada", "email": email, "password": PASSWORD});
        let user =
            send(service.request(Method::POST, "/users").json(&account)).await.expect(201).id_of("userId");
        let login = json!({"email": email, "password": PASSWORD});
        let session = send(service.request(Method::POST, "/sessions").json(&login)).await.expect(201);
        let show = service.concert(1_000).await;
        let owner = service.join(user).await;
        owner.charge(10_000).await.expect(201);
        let paid = owner.hold(show.schedule, &[49]).await.expect(201).id_of("reservationId");
        let payment = owner.pay(paid).await.expect(201).id_of("paymentId");
        let owner = service.join(user).await;
        let reservation = owner.hold(show.schedule, &[50]).await.expect(201).id_of("reservationId");
        let (another, ended) = (service.fan().await, service.fan().await);
        ended.leave().await.expect(204);
        service.policy(json!({"maxActive": 1})).await;
        let waiting = service.fan().await;
        assert_eq!(waiting.ticket["status"], "WAITING");
        Self {
            service,
            email,
            access: session.text_of("accessToken"),
            owner,
            waiting,
            ended,
            another,
            show,
            schedule: show.schedule,
            reservation,
            payment,
            seats: Cell::new(0),
        }
    }

    /// What the caller has in the `Authorization` header, one after the other.
    pub(super) fn tokens(&self, caller: Caller) -> Vec<Option<String>> {
        let both = [self.access.clone(), self.owner.token.clone()];
        let (user, ticket) = (self.owner.user, Uuid::now_v7());
        let headers = match caller {
            Caller::Nobody => return vec![None],
            Caller::Garbage => {
                let header =
                    ["", "Bearer", "Bearer ", "Bearer garbage", "Bearer a.b.c", "Basic YWRhOnBhc3N3b3Jk"];
                return header.map(|header| Some(header.to_owned())).to_vec();
            }
            Caller::Truncated => both.map(|token| tokens::truncated(&token)).to_vec(),
            Caller::Unsigned => both.iter().flat_map(|token| tokens::unsigned(token)).collect(),
            Caller::Forged => tokens::forged(user, ticket).to_vec(),
            Caller::Expired => tokens::expired(user, ticket).to_vec(),
            Caller::NeverIssued => vec![tokens::never_issued()],
            Caller::OwnerWithAccessToken => vec![self.access.clone()],
            Caller::Waiting => vec![self.waiting.token.clone()],
            Caller::Ended => vec![self.ended.token.clone()],
            Caller::AnotherUser => vec![self.another.token.clone()],
            Caller::Operator => vec![ADMIN_KEY.to_owned()],
            Caller::Owner => vec![self.owner.token.clone()],
        };
        headers.into_iter().map(|token| Some(format!("Bearer {token}"))).collect()
    }

    /// A request to an operation, about what is the owner's; those who may not see any wallet ask for their own.
    pub(super) fn request(
        &self,
        caller: Caller,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> RequestBuilder {
        let wallet = match caller {
            Caller::Waiting => self.waiting.user,
            Caller::Ended => self.ended.user,
            _ => self.owner.user,
        };
        let path = path
            .replace("{concertId}", &self.show.concert.to_string())
            .replace("{scheduleId}", &self.schedule.to_string())
            .replace("{reservationId}", &self.reservation.to_string())
            .replace("{paymentId}", &self.payment.to_string())
            .replace("{userId}", &wallet.to_string());
        let request = reqwest::Client::new().request(method.clone(), format!("{}{path}", self.service.url()));
        if body.is_null() { request } else { request.json(body) }
    }

    pub(super) fn next_seat(&self) -> i64 {
        self.seats.set(self.seats.get() % 48 + 1);
        self.seats.get()
    }

    /// Whether a text names the owner, or what is the owner's.
    pub(super) fn tells_of_the_owner(&self, text: &str) -> bool {
        let ids = [self.owner.user, self.reservation, self.payment];
        ids.iter().any(|id| text.contains(&id.to_string())) || text.contains(&self.email)
    }

    /// What a refused call might have changed.
    pub(super) async fn tally(&self) -> Vec<i64> {
        let questions = [
            "SELECT count(*) FROM users",
            "SELECT count(*) FROM queue_tickets WHERE status = 'WAITING'",
            "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'",
            "SELECT count(*) FROM queue_tickets WHERE status = 'ENDED'",
            "SELECT count(*) FROM concerts",
            "SELECT count(*) FROM schedules",
            "SELECT count(*) FROM reservations WHERE status = 'RESERVED'",
            "SELECT count(*) FROM reservations",
            "SELECT count(*) FROM seats WHERE reservation_id IS NOT NULL",
            "SELECT count(*) FROM payments WHERE status = 'PAID'",
            "SELECT count(*) FROM refunds",
            "SELECT count(*) FROM ledger_entries",
            "SELECT count(*) FROM idempotency_records",
            "SELECT session_seconds FROM waiting_room",
        ];
        self.service.database.numbers(&questions).await
    }
}
