//! An application on mocks, and calls to it.

use std::sync::Arc;

use actix_web::{
    body::to_bytes,
    dev::{Server, Service},
    http::{StatusCode, header::HeaderMap},
    test::{TestRequest, init_service},
};
use async_trait::async_trait;
use chrono::{Duration, TimeZone, Utc};
use domain::{
    catalog::{MockCatalog, MockSeatBoards},
    identity::{
        AccessClaims, BadToken, MockFailedLogins, MockPasswordHasher, MockTokens, MockUsers, QueueClaims,
        SignedToken, TokenPolicy,
    },
    ids::{MockIdSource, TicketId, UserId},
    payment::MockPayments,
    reservation::{HoldPolicy, MockReservations, MockSeatInventory},
    storage::StorageError,
    time::{MockClock, Timestamp},
    waiting_room::{MockRoomMemory, MockWaitingRoom, Standing, Ticket, TicketState},
    wallet::{ChargePolicy, MockWallets},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    AdminKey, Draining, HttpSettings, Readiness, UseCases, serve,
    server::{State, application},
};

/// The caller's id.
pub(crate) const USER: Uuid = Uuid::from_u128(1);
/// Somebody else's id.
pub(crate) const SOMEBODY_ELSE: Uuid = Uuid::from_u128(2);

/// The present instant.
pub(crate) fn now() -> Timestamp {
    Utc.timestamp_opt(1_000, 0).unwrap()
}

/// The caller's ticket.
pub(crate) fn ticket(state: TicketState) -> Ticket {
    Ticket { id: TicketId(Uuid::from_u128(9)), user: UserId(USER), number: 12, issued_at: now(), state }
}

/// It is the caller's turn.
pub(crate) fn active() -> Ticket {
    ticket(TicketState::Active { expires_at: now() + Duration::minutes(10), claimed: true })
}

/// Where a ticket stands.
pub(crate) fn standing(ticket: Ticket) -> Standing {
    let age = Duration::zero();
    Standing {
        ticket,
        ahead: 4,
        there_ahead: 4,
        waiting: 9,
        admitted_lately: 60,
        claim: Duration::seconds(60),
        age,
    }
}

/// A memory that knows of the caller's ticket, or has to look it up if it has ended or there is none.
fn memory(known: Option<Ticket>) -> MockRoomMemory {
    let mut memory = MockRoomMemory::new();
    let has_ended = |ticket: &Ticket| matches!(ticket.state, TicketState::Ended { .. });
    memory.expect_is_fresh().returning(|| true);
    memory.expect_place().returning(move |_| known.filter(|ticket| !has_ended(ticket)).map(standing));
    memory.expect_place_told().returning(standing);
    memory.expect_look_up().returning(move |_| Ok(known));
    memory.expect_catch_up().returning(|| true);
    memory.expect_note_presence().returning(|_, _| ());
    memory.expect_note_question().returning(|_, _| Ok(()));
    memory
}

/// The mocks behind an application. A call to one that expects none is answered with 500.
pub(crate) struct Mocks {
    pub(crate) users: MockUsers,
    pub(crate) hasher: MockPasswordHasher,
    pub(crate) failed_logins: MockFailedLogins,
    pub(crate) room: MockWaitingRoom,
    pub(crate) memory: MockRoomMemory,
    pub(crate) catalog: MockCatalog,
    pub(crate) boards: MockSeatBoards,
    pub(crate) inventory: MockSeatInventory,
    pub(crate) reservations: MockReservations,
    pub(crate) wallets: MockWallets,
    pub(crate) payments: MockPayments,
    pub(crate) settings: HttpSettings,
    pub(crate) draining: Draining,
}

impl Mocks {
    pub(crate) fn new() -> Self {
        Self {
            users: MockUsers::new(),
            hasher: MockPasswordHasher::new(),
            failed_logins: MockFailedLogins::new(),
            room: MockWaitingRoom::new(),
            memory: memory(None),
            catalog: MockCatalog::new(),
            boards: MockSeatBoards::new(),
            inventory: MockSeatInventory::new(),
            reservations: MockReservations::new(),
            wallets: MockWallets::new(),
            payments: MockPayments::new(),
            settings: HttpSettings {
                admin_key: Some(AdminKey::new("operator".into())),
                ..HttpSettings::default()
            },
            draining: Draining::default(),
        }
    }

    /// Mocks whose room has the caller's ticket.
    pub(crate) fn with_ticket(ticket: Ticket) -> Self {
        Self { memory: memory(Some(ticket)), ..Self::new() }
    }

    pub(crate) fn state(self) -> State {
        let (settings, draining) = (self.settings.clone(), self.draining.clone());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        State::new(self.use_cases(), settings, Arc::new(AlwaysReady), draining, metrics)
    }

    /// Serves on a listener.
    pub(crate) fn serve(self, listener: std::net::TcpListener) -> std::io::Result<Server> {
        let (settings, draining) = (self.settings.clone(), self.draining.clone());
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        serve(listener, self.use_cases(), settings, Arc::new(AlwaysReady), draining, metrics)
    }

    #[expect(clippy::too_many_lines, reason = "it names every use case once")]
    fn use_cases(self) -> UseCases {
        let mut clock = MockClock::new();
        clock.expect_now().returning(now);
        let mut ids = MockIdSource::new();
        ids.expect_next().returning(|| Uuid::from_u128(77));
        let (clock, ids) = (Arc::new(clock), Arc::new(ids));
        let tokens = Arc::new(tokens());
        let (users, hasher, failed) =
            (Arc::new(self.users), Arc::new(self.hasher), Arc::new(self.failed_logins));
        let timer = domain::samples::timer().0;
        let (room, memory, catalog) = (Arc::new(self.room), Arc::new(self.memory), Arc::new(self.catalog));
        let (inventory, reservations) = (Arc::new(self.inventory), Arc::new(self.reservations));
        let (wallets, payments) = (Arc::new(self.wallets), Arc::new(self.payments));
        let (keep, hold, charge) = (TokenPolicy::default(), HoldPolicy::default(), ChargePolicy::default());
        let verify =
            Arc::new(identity::VerifyCredentials::new(clock.clone(), users.clone(), hasher.clone(), failed));
        UseCases {
            register_user: Arc::new(identity::RegisterUser::new(
                clock.clone(),
                ids.clone(),
                users.clone(),
                hasher,
            )),
            open_session: Arc::new(identity::OpenSession::new(
                clock.clone(),
                verify.clone(),
                tokens.clone(),
                keep,
            )),
            verify_credentials: verify,
            find_user: Arc::new(identity::FindUser::new(users)),
            identify_caller: Arc::new(identity::IdentifyCaller::new(clock.clone(), tokens.clone())),
            join_queue: Arc::new(waiting_room::JoinQueue::new(
                clock.clone(),
                ids.clone(),
                room.clone(),
                memory.clone(),
                tokens,
                keep,
            )),
            check_place: Arc::new(waiting_room::CheckPlace::new(clock.clone(), memory.clone())),
            claim_turn: Arc::new(waiting_room::ClaimTurn::new(memory.clone())),
            leave_queue: Arc::new(waiting_room::LeaveQueue::new(
                clock.clone(),
                timer.clone(),
                room.clone(),
                memory.clone(),
            )),
            require_turn: Arc::new(waiting_room::RequireTurn::new(clock.clone(), memory.clone())),
            show_queue: Arc::new(waiting_room::ShowQueue::new(memory.clone())),
            change_policy: Arc::new(waiting_room::ChangePolicy::new(room.clone(), memory.clone())),
            list_concerts: Arc::new(catalog::ListConcerts::new(catalog.clone())),
            list_schedules: Arc::new(catalog::ListSchedules::new(clock.clone(), catalog.clone())),
            list_seats: Arc::new(catalog::ListSeats::new(clock.clone(), catalog.clone())),
            watch_seats: Arc::new(catalog::WatchSeats::new(Arc::new(self.boards))),
            create_concert: Arc::new(catalog::CreateConcert::new(
                clock.clone(),
                ids.clone(),
                catalog.clone(),
            )),
            create_schedule: Arc::new(catalog::CreateSchedule::new(clock.clone(), ids.clone(), catalog)),
            refuse_losers: Arc::new(reservation::RefuseLosers::new(
                clock.clone(),
                timer.clone(),
                memory.clone(),
                inventory.clone(),
                hold,
            )),
            hold_seats: Arc::new(reservation::HoldSeats::new(
                clock.clone(),
                ids.clone(),
                inventory.clone(),
                reservations.clone(),
                hold,
            )),
            cancel_reservation: Arc::new(reservation::CancelReservation::new(
                clock.clone(),
                timer.clone(),
                inventory,
            )),
            find_reservation: Arc::new(reservation::FindReservation::new(
                clock.clone(),
                reservations.clone(),
            )),
            list_reservations: Arc::new(reservation::ListReservations::new(clock.clone(), reservations)),
            charge_balance: Arc::new(wallet::ChargeBalance::new(
                clock.clone(),
                ids.clone(),
                wallets.clone(),
                charge,
            )),
            show_balance: Arc::new(wallet::ShowBalance::new(wallets.clone())),
            list_transactions: Arc::new(wallet::ListTransactions::new(wallets)),
            refund_payment: Arc::new(payment::RefundPayment::new(
                clock.clone(),
                timer.clone(),
                ids.clone(),
                payments.clone(),
            )),
            pay_reservation: Arc::new(payment::PayReservation::new(
                clock,
                timer,
                ids,
                payments.clone(),
                room,
                memory,
            )),
            find_payment: Arc::new(payment::FindPayment::new(payments.clone())),
            list_payments: Arc::new(payment::ListPayments::new(payments)),
        }
    }
}

struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn ready(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Tokens that are named `access` and `queue`.
fn tokens() -> MockTokens {
    let mut tokens = MockTokens::new();
    let (user, expires_at) = (UserId(USER), now() + Duration::hours(1));
    tokens.expect_verify_access().returning(move |token, _| {
        if token == "access" { Ok(AccessClaims { user, expires_at }) } else { Err(BadToken) }
    });
    tokens.expect_verify_queue().returning(move |token, _| {
        let claims = QueueClaims {
            user,
            ticket: TicketId(Uuid::from_u128(9)),
            number: 12,
            issued_at: now(),
            expires_at,
        };
        if token == "queue" { Ok(claims) } else { Err(BadToken) }
    });
    tokens.expect_sign_queue().returning(|_, _| Ok(SignedToken("queue".into())));
    tokens.expect_sign_access().returning(|_, _| Ok(SignedToken("access".into())));
    tokens
}

/// What was answered.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status and the code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends a request to an application on these mocks.
pub(crate) async fn send(mocks: Mocks, request: TestRequest) -> Answered {
    let application = init_service(application(&mocks.state())).await;
    let response = match application.call(request.to_request()).await {
        Ok(response) => response.into_parts().1,
        Err(error) => error.error_response(),
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    Answered { status, headers, body: body.to_vec() }
}

pub(crate) fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

pub(crate) fn post(path: &str, json: &str) -> TestRequest {
    let request = TestRequest::post().uri(path).insert_header(("content-type", "application/json"));
    request.set_payload(json.to_owned())
}

/// The request with a bearer token.
pub(crate) fn with(token: &str, request: TestRequest) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}
