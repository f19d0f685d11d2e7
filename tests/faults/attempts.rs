//! Everything that changes the store, as somebody asks for it who may have to ask again.

use adapter_persistence::fail_points::StoredChange;
use chrono::Duration;
use domain::{ids::UserId, storage::StorageError, waiting_room::RollCall};
use encore_tests::client::{Answer, send};
use futures_util::future::BoxFuture;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::{stage::new_id, world::World};

/// What somebody is told who has asked for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is done.
    Done,
    /// The store is away, and when to ask again.
    Unavailable,
    /// Something went wrong.
    Fault,
    /// The rules are against it.
    Refused(String),
}

/// What becomes of a change that was done, though nobody was told, when it is asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It is told as done, and has happened once.
    HasHappenedOnce,
    /// It is refused for what has happened.
    IsRefused(&'static str),
    /// It is another one.
    IsAnother,
}

/// Asks for one and the same change, as often as it is called.
pub(crate) type Attempt = Box<dyn Fn() -> BoxFuture<'static, Told> + Send + Sync>;

/// The changes. Over HTTP, but those that no client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hold,
    Cancel,
    Charge,
    Pay,
    Refund,
    Join,
    Leave,
    ChangePolicy,
    Register,
    CreateConcert,
    CreateSchedule,
    Admit,
    CallRoll,
    Claim,
    TidyHolds,
    ForgetKeys,
    SetFirstPolicy,
}

/// The kinds of attempt at a change: none of it is left out, or this does not compile.
pub(crate) const fn attempts_at(change: StoredChange) -> &'static [Kind] {
    match change {
        StoredChange::HoldSeats => &[Kind::Hold],
        StoredChange::CancelHold => &[Kind::Cancel],
        StoredChange::TidyRunOutHolds => &[Kind::TidyHolds],
        StoredChange::ChargeBalance => &[Kind::Charge],
        StoredChange::PayReservation => &[Kind::Pay],
        StoredChange::RefundPayment => &[Kind::Refund],
        StoredChange::ChangeRoom => {
            &[Kind::Join, Kind::Leave, Kind::ChangePolicy, Kind::Admit, Kind::CallRoll]
        }
        StoredChange::ClaimTurn => &[Kind::Claim],
        StoredChange::SetFirstPolicy => &[Kind::SetFirstPolicy],
        StoredChange::AddUser => &[Kind::Register],
        StoredChange::AddConcert => &[Kind::CreateConcert],
        StoredChange::AddSchedule => &[Kind::CreateSchedule],
        StoredChange::ForgetKeys => &[Kind::ForgetKeys],
        // Changes nothing.
        StoredChange::Probe => &[],
    }
}

impl Kind {
    /// All of them, the one that leaves no room behind last.
    pub(crate) const ALL: &[Self] = &[
        Self::Hold,
        Self::Cancel,
        Self::Charge,
        Self::Pay,
        Self::Refund,
        Self::Join,
        Self::Leave,
        Self::ChangePolicy,
        Self::Register,
        Self::CreateConcert,
        Self::CreateSchedule,
        Self::Admit,
        Self::CallRoll,
        Self::Claim,
        Self::TidyHolds,
        Self::ForgetKeys,
        Self::SetFirstPolicy,
    ];

    /// What of the store it changes.
    pub(crate) const fn change(self) -> StoredChange {
        match self {
            Self::Hold => StoredChange::HoldSeats,
            Self::Cancel => StoredChange::CancelHold,
            Self::Charge => StoredChange::ChargeBalance,
            Self::Pay => StoredChange::PayReservation,
            Self::Refund => StoredChange::RefundPayment,
            Self::Join | Self::Leave | Self::ChangePolicy | Self::Admit | Self::CallRoll => {
                StoredChange::ChangeRoom
            }
            Self::Claim => StoredChange::ClaimTurn,
            Self::Register => StoredChange::AddUser,
            Self::CreateConcert => StoredChange::AddConcert,
            Self::CreateSchedule => StoredChange::AddSchedule,
            Self::TidyHolds => StoredChange::TidyRunOutHolds,
            Self::ForgetKeys => StoredChange::ForgetKeys,
            Self::SetFirstPolicy => StoredChange::SetFirstPolicy,
        }
    }

    /// Whether clients ask for it, rather than jobs.
    pub(crate) const fn is_over_http(self) -> bool {
        !matches!(
            self,
            Self::Admit
                | Self::CallRoll
                | Self::Claim
                | Self::TidyHolds
                | Self::ForgetKeys
                | Self::SetFirstPolicy
        )
    }

    pub(crate) const fn again(self) -> Again {
        match self {
            Self::Cancel => Again::IsRefused("NOT_CANCELLABLE"),
            Self::Leave => Again::IsRefused("QUEUE_TOKEN_ENDED"),
            Self::Refund => Again::IsRefused("ALREADY_REFUNDED"),
            Self::Register => Again::IsRefused("EMAIL_TAKEN"),
            Self::CreateConcert | Self::CreateSchedule => Again::IsAnother,
            _ => Again::HasHappenedOnce,
        }
    }

    /// Prepares a world for one more change of this kind.
    pub(crate) async fn prepare(self, world: &World) -> Attempt {
        match self {
            Self::Hold | Self::Cancel | Self::Charge | Self::Pay | Self::Refund => {
                self.prepare_purchase(world).await
            }
            Self::Join | Self::Leave | Self::ChangePolicy => self.prepare_visit(world).await,
            Self::Register | Self::CreateConcert | Self::CreateSchedule => self.prepare_entry(world).await,
            Self::Admit | Self::CallRoll | Self::Claim => self.prepare_room(world).await,
            Self::TidyHolds | Self::ForgetKeys | Self::SetFirstPolicy => self.prepare_job(world).await,
        }
    }

    async fn prepare_purchase(self, world: &World) -> Attempt {
        let (served, user) = (world.service(), world.stage.user().await);
        let schedule = world.stage.schedule().await.schedule.0;
        let fan = served.fan(user.0).await;
        if self == Self::Hold {
            return sending(served.holding(&fan, schedule, 1));
        }
        if self == Self::Charge {
            return sending(served.charging(&fan, 123));
        }
        let reservation = served.hold(&fan, schedule, 1).await;
        if self == Self::Cancel {
            return sending(served.of(&fan, Method::DELETE, &format!("/reservations/{reservation}")));
        }
        served.charge(&fan, 150).await.expect(201);
        if self == Self::Pay {
            return sending(served.paying(&fan, reservation));
        }
        let payment = send(served.paying(&fan, reservation)).await.expect(201).id_of("paymentId");
        let path = format!("/admin/payments/{payment}/refund");
        sending(served.operator(Method::POST, &path, &json!({"reason": "The band is ill"})))
    }

    async fn prepare_visit(self, world: &World) -> Attempt {
        let served = world.service();
        if self == Self::ChangePolicy {
            let max_active = world.stage.number("SELECT max_active FROM waiting_room").await + 1;
            let policy = json!({"maxActive": max_active});
            return sending(served.operator(Method::PUT, "/admin/queue/policy", &policy));
        }
        let user = world.stage.user().await;
        if self == Self::Join {
            return sending(served.join(user.0));
        }
        let fan = served.fan(user.0).await;
        sending(served.of(&fan, Method::DELETE, "/queue/tokens/current"))
    }

    async fn prepare_entry(self, world: &World) -> Attempt {
        let served = world.service();
        if self == Self::Register {
            let email = format!("{}@example.org", Uuid::now_v7());
            let body = json!({"name": "A fan", "email": email, "password": "a long password"});
            return sending(served.request(Method::POST, "/users").json(&body));
        }
        if self == Self::CreateConcert {
            return sending(served.operator(Method::POST, "/admin/concerts", &json!({"name": "A concert"})));
        }
        let concert = world.stage.concert().await.id.0;
        let date = (world.stage.now() + Duration::days(30)).to_rfc3339();
        let seats = json!([{"from": 1, "to": 50, "grade": "R", "price": 100}]);
        let path = format!("/admin/concerts/{concert}/schedules");
        sending(served.operator(Method::POST, &path, &json!({"concertDate": date, "seats": seats})))
    }

    async fn prepare_room(self, world: &World) -> Attempt {
        let (stage, room) = (&world.stage, world.stage.ports.room.clone());
        let inside = "SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE'";
        // Nobody else waits.
        stage.max_active(1_000).await;
        stage.guest().await;
        let full = stage.number(inside).await;
        stage.max_active(full).await;
        let waiting = stage.newcomer().await.ticket;
        if self == Self::CallRoll {
            stage.sql("UPDATE waiting_room SET roll_called_at = NULL, roll_up_to = 0").await;
            let roll = RollCall { signs: Vec::new(), near_up_to: waiting.number };
            return calling(move || {
                let (room, roll) = (room.clone(), roll.clone());
                Box::pin(async move { room.call_roll(&roll).await.map(|_| ()) })
            });
        }
        stage.sql("UPDATE waiting_room SET max_active = max_active + 1").await;
        if self == Self::Admit {
            return calling(move || {
                let room = room.clone();
                Box::pin(async move { room.admit().await.map(|_| ()) })
            });
        }
        assert_eq!(room.admit().await.unwrap(), 1, "expected whoever waits to be admitted");
        calling(move || {
            let room = room.clone();
            Box::pin(async move { room.claim(waiting.id, waiting.user).await.map(|_| ()) })
        })
    }

    async fn prepare_job(self, world: &World) -> Attempt {
        let (stage, ports) = (&world.stage, world.stage.ports.clone());
        if self == Self::TidyHolds {
            stage.max_active(1_000).await;
            let (guest, show) = (stage.guest().await, stage.schedule().await);
            stage.hold_that_ran_out(guest, &show, &[1]).await;
            return calling(move || {
                let ports = ports.clone();
                Box::pin(async move { ports.inventory.tidy_run_out_holds(100).await.map(|_| ()) })
            });
        }
        if self == Self::ForgetKeys {
            let user = stage.user().await;
            let (user, id) = (stage.id(user.0), stage.id(new_id::<UserId>().0));
            let past = stage.instant(stage.now() - Duration::days(2));
            stage
                .sql(&format!(
                    "INSERT INTO idempotency_records \
                     (user_id, operation, key, fingerprint, result, recorded_at) \
                     VALUES ({user}, 'CHARGE_BALANCE', 'key', 'asked', {id}, {past})"
                ))
                .await;
            let before = stage.now() - Duration::days(1);
            return calling(move || {
                let ports = ports.clone();
                Box::pin(async move { ports.idempotency.forget_before(before, 100).await.map(|_| ()) })
            });
        }
        stage.sql("DELETE FROM waiting_room").await;
        let store = stage.store.clone();
        calling(move || {
            let store = store.clone();
            Box::pin(
                async move { store.set_first_policy(&domain::waiting_room::RoomPolicy::default()).await },
            )
        })
    }
}

fn sending(request: RequestBuilder) -> Attempt {
    Box::new(move || {
        let request = request.try_clone().expect("a request whose body is in memory");
        Box::pin(async move { told(&send(request).await) })
    })
}

fn told(answer: &Answer) -> Told {
    match answer.status {
        200..=299 => return Told::Done,
        503 => assert!(!answer.header("retry-after").is_empty(), "expected to be told when: {answer:?}"),
        _ => {}
    }
    answer.assert_problem();
    match answer.text_of("code").as_str() {
        "STORE_UNAVAILABLE" => Told::Unavailable,
        "INTERNAL" => Told::Fault,
        code => Told::Refused(code.to_owned()),
    }
}

type Call = BoxFuture<'static, Result<(), StorageError>>;

fn calling(call: impl Fn() -> Call + Send + Sync + 'static) -> Attempt {
    Box::new(move || {
        let call = tokio::spawn(call());
        Box::pin(async move {
            match call.await {
                Ok(Ok(())) => Told::Done,
                Ok(Err(StorageError::Unavailable(_) | StorageError::Overloaded(_))) => Told::Unavailable,
                Ok(Err(StorageError::Unexpected(_))) | Err(_) => Told::Fault,
            }
        })
    })
}
