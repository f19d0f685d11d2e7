//! The service over HTTP in the test's own process, where a test can let its store fail.

use std::sync::Arc;

use adapter_credentials::TokenSecret;
use adapter_http::{AdminKey, Draining, HttpSettings, Readiness};
use adapter_live::LiveRoom;
use adapter_persistence::Ports;
use app::settings::{SchedulerPlace, Settings};
use async_trait::async_trait;
use domain::{
    reservation::HoldPolicy,
    storage::StorageError,
    waiting_room::{RoomMemory, RoomPolicy},
};
use encore_tests::{
    client::{Answer, send},
    service::{ADMIN_KEY, TOKEN_SECRET},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// The service, listening on a port of its own.
#[derive(Clone)]
pub(crate) struct Served {
    url: String,
    client: Client,
}

/// Somebody with a queue token.
#[derive(Clone)]
pub(crate) struct Fan {
    pub(crate) user: Uuid,
    pub(crate) token: String,
}

struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn ready(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

fn settings() -> Settings {
    Settings {
        // The store is open already.
        store: "sqlite://unused".parse().unwrap(),
        database_connections: 1,
        listen: ([127, 0, 0, 1], 0).into(),
        admin_key: Some(AdminKey::new(ADMIN_KEY.to_owned())),
        token_secret: None,
        trusted_identity: true,
        hold: HoldPolicy::default(),
        room: RoomPolicy::default(),
        scheduler: SchedulerPlace::Outside,
        rate_limits: false,
        log: "off".to_owned(),
        shutdown_delay: std::time::Duration::ZERO,
        workers: 2,
        requests_at_most: 512,
    }
}

impl Served {
    /// Serves what a store holds, until the test's runtime is gone.
    pub(crate) async fn start(ports: &Ports) -> Self {
        let settings = settings();
        let room = LiveRoom::start(
            ports.room.clone(),
            ports.room_notices.clone(),
            ports.clock.clone(),
            settings.rate_limits,
        );
        let memory: Arc<dyn RoomMemory> = room.await.unwrap();
        let secret = TokenSecret::new(TOKEN_SECRET.to_owned()).unwrap();
        let use_cases = app::use_cases::for_http(&settings, &secret, ports, &memory).unwrap();
        let listener = adapter_http::listen(settings.listen).await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let server = adapter_http::serve(
            listener,
            use_cases,
            HttpSettings {
                admin_key: settings.admin_key,
                trusted_identity: settings.trusted_identity,
                workers: settings.workers,
                ..HttpSettings::default()
            },
            Arc::new(AlwaysReady),
            Draining::default(),
            PrometheusBuilder::new().build_recorder().handle(),
        );
        tokio::spawn(server.unwrap());
        Self { url, client: Client::new() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request of the operator's.
    pub(crate) fn operator(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.request(method, path).bearer_auth(ADMIN_KEY).json(body)
    }

    /// A request of a fan's.
    pub(crate) fn of(&self, fan: &Fan, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&fan.token)
    }

    /// A request of a fan's that is made once, however often it is sent.
    pub(crate) fn once(&self, fan: &Fan, path: &str, body: &Value) -> RequestBuilder {
        let key = format!("{}-of-{}", path.rsplit('/').next().unwrap_or_default(), fan.user);
        self.of(fan, Method::POST, path).header("Idempotency-Key", key).json(body)
    }

    pub(crate) fn join(&self, user: Uuid) -> RequestBuilder {
        self.request(Method::POST, "/queue/tokens").json(&json!({"userId": user}))
    }

    /// A user's queue token.
    pub(crate) async fn fan(&self, user: Uuid) -> Fan {
        let ticket = send(self.join(user)).await.expect(201);
        Fan { user, token: ticket.text_of("token") }
    }

    pub(crate) async fn charge(&self, fan: &Fan, amount: i64) -> Answer {
        send(self.charging(fan, amount)).await
    }

    pub(crate) fn charging(&self, fan: &Fan, amount: i64) -> RequestBuilder {
        self.once(fan, &format!("/users/{}/balance/charges", fan.user), &json!({"amount": amount}))
    }

    pub(crate) fn holding(&self, fan: &Fan, schedule: Uuid, seat: i64) -> RequestBuilder {
        self.once(fan, "/reservations", &json!({"scheduleId": schedule, "seatNumbers": [seat]}))
    }

    pub(crate) async fn hold(&self, fan: &Fan, schedule: Uuid, seat: i64) -> Uuid {
        send(self.holding(fan, schedule, seat)).await.expect(201).id_of("reservationId")
    }

    pub(crate) fn paying(&self, fan: &Fan, reservation: Uuid) -> RequestBuilder {
        self.once(fan, "/payments", &json!({"reservationId": reservation}))
    }
}
