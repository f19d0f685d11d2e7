//! A client of the API, and a fan who uses it.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::{ADMIN_KEY, Service};

/// An answer: its status, headers and JSON body (`null` without one).
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Answer {
    /// Reads the whole of an answer.
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is a text");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    /// Insists on a status; the whole answer is shown if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "expected {status}, got {self:?}");
        self
    }

    /// Insists on a refusal with this code, in the form that every refusal has.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["code"], code, "expected {code}, got {answer:?}");
        answer.assert_problem();
        answer
    }

    /// Insists on the form that every refusal has (RFC 9457).
    #[track_caller]
    pub fn assert_problem(&self) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        for member in ["type", "title", "detail", "instance", "code", "requestId"] {
            assert!(self.body[member].is_string(), "a problem has a {member}: {self:?}");
        }
        assert_eq!(self.body["requestId"], self.header("x-request-id"), "{self:?}");
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A member of the body that is a text.
    #[track_caller]
    pub fn text_of(&self, member: &str) -> String {
        self.body[member].as_str().unwrap_or_else(|| panic!("a {member} in {self:?}")).to_owned()
    }

    /// A member of the body that is an id.
    #[track_caller]
    pub fn id_of(&self, member: &str) -> Uuid {
        self.text_of(member).parse().unwrap_or_else(|_| panic!("{member} is an id: {self:?}"))
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.expect("the service answers")).await
}

impl Service {
    /// A request to the instance whose turn it is; `path` begins behind `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        http().request(method, format!("{}/api/v1{path}", self.url()))
    }

    /// Calls as the operator.
    pub async fn operator(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.request(method.clone(), path).bearer_auth(ADMIN_KEY);
        send(if method == Method::GET { request } else { request.json(&body) }).await
    }

    /// A concert with one schedule, a month from now: seats 1 to 50 at `price`.
    pub async fn concert(&self, price: i64) -> Show {
        self.concert_with(json!([{"from": 1, "to": 50, "grade": "R", "price": price}])).await
    }

    /// A concert with one schedule, a month from now.
    pub async fn concert_with(&self, seats: Value) -> Show {
        let concert = self.operator(Method::POST, "/admin/concerts", json!({"name": "A concert"})).await;
        let concert = concert.expect(201).id_of("concertId");
        Show { concert, schedule: self.schedule(concert, seats).await }
    }

    /// One more schedule of a concert, a month from now.
    pub async fn schedule(&self, concert: Uuid, seats: Value) -> Uuid {
        let date = chrono::Utc::now() + chrono::Duration::days(30);
        let body = json!({"concertDate": date.to_rfc3339(), "seats": seats});
        let schedule =
            self.operator(Method::POST, &format!("/admin/concerts/{concert}/schedules"), body).await;
        schedule.expect(201).id_of("scheduleId")
    }

    /// Changes the waiting room's policy.
    pub async fn policy(&self, change: Value) -> Answer {
        self.operator(Method::PUT, "/admin/queue/policy", change).await.expect(200)
    }

    /// Registers somebody, and tells the user's id. The store is told directly, since hashing a password
    /// for each of hundreds of users takes minutes.
    pub async fn user(&self) -> Uuid {
        let id = Uuid::now_v7();
        let sql_id = self.database.id(id);
        let now = match self.database {
            crate::databases::Database::Sqlite { .. } => "0",
            crate::databases::Database::Postgres { .. } => "now()",
        };
        let sql = format!(
            "INSERT INTO users (id, name, email, password_hash, registered_at)
             VALUES ({sql_id}, 'A fan', '{id}@example.org', 'none', {now});
             INSERT INTO wallets (user_id) VALUES ({sql_id})"
        );
        self.database.try_sql(&sql).await.unwrap();
        id
    }

    /// Somebody with a queue token.
    pub async fn fan(&self) -> Fan<'_> {
        let user = self.user().await;
        self.join(user).await
    }

    /// Gets a user a queue token, as a trusted gateway does.
    pub async fn join(&self, user: Uuid) -> Fan<'_> {
        let ticket = send(self.request(Method::POST, "/queue/tokens").json(&json!({"userId": user}))).await;
        assert!([200, 201].contains(&ticket.status), "expected a ticket, got {ticket:?}");
        Fan { service: self, user, token: ticket.text_of("token"), ticket: ticket.body }
    }
}

/// A concert and one of its schedules.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    pub concert: Uuid,
    pub schedule: Uuid,
}

/// Somebody who wants seats.
#[derive(Clone)]
pub struct Fan<'a> {
    service: &'a Service,
    pub user: Uuid,
    pub token: String,
    /// The ticket as it was issued.
    pub ticket: Value,
}

impl Fan<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.service.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    /// Posts with an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn status(&self) -> Answer {
        self.get("/queue/status").await
    }

    pub async fn leave(&self) -> Answer {
        self.delete("/queue/tokens/current").await
    }

    pub async fn hold(&self, schedule: Uuid, seats: &[i64]) -> Answer {
        self.post("/reservations", json!({"scheduleId": schedule, "seatNumbers": seats})).await
    }

    pub async fn charge(&self, amount: i64) -> Answer {
        self.post(&format!("/users/{}/balance/charges", self.user), json!({"amount": amount})).await
    }

    pub async fn balance(&self) -> Answer {
        self.get(&format!("/users/{}/balance", self.user)).await
    }

    pub async fn pay(&self, reservation: Uuid) -> Answer {
        self.post("/payments", json!({"reservationId": reservation})).await
    }
}

/// Whether an answer is a fault of the service's.
pub fn is_server_error(answer: &Answer) -> bool {
    StatusCode::from_u16(answer.status).is_ok_and(|status| status.is_server_error())
}

thread_local! {
    static CLIENT: Client = Client::builder().pool_max_idle_per_host(1024).build().unwrap();
}

/// The client of this thread: a new one for each request would need a port for each.
fn http() -> Client {
    CLIENT.with(Client::clone)
}
