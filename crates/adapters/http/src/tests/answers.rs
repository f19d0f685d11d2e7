//! What is answered when all is well.

use actix_web::test::TestRequest;
use chrono::Duration;
use domain::{
    catalog::{SalesWindow, SeatNumber},
    commit::Commit,
    idempotency::IdempotencyRecord,
    identity::{Login, PasswordHash},
    ids::{TransactionId, UserId},
    money::Money,
    page::{Cursor, Page},
    waiting_room::{Joined, MockRoomMemory, RoomOverview, RoomPolicy, Standing, TicketState},
    wallet::{ChargeFacts, EntryKind, LedgerEntry},
};
use serde_json::json;
use uuid::Uuid;

use super::support::{Mocks, USER, active, get, now, post, send, standing, ticket, with};

const JOIN: &str = "/api/v1/queue/tokens";

fn mocks_that_issue(issued: impl Fn() -> Joined + Send + 'static) -> Mocks {
    let mut mocks = Mocks::new();
    mocks.room.expect_join().returning(move |_| Ok(issued()));
    mocks
}

fn issued() -> Joined {
    Joined::Issued(ticket(TicketState::Waiting))
}

#[actix_web::test]
async fn who_joins_gets_a_ticket_with_its_token() {
    let answered = send(mocks_that_issue(issued), with("access", TestRequest::post().uri(JOIN))).await;
    assert_eq!(answered.status, 201);
    let ticket = json!({
        "token": "queue", "userId": USER, "status": "WAITING", "number": 12, "ahead": 4, "waiting": 9,
        "estimatedWaitSeconds": 5, "pollAfterSeconds": 1, "issuedAt": "1970-01-01T00:16:40Z",
        "expiresAt": null, "reason": null,
    });
    assert_eq!(answered.json(), ticket);
}

#[actix_web::test]
async fn who_joins_again_gets_the_same_place() {
    let again = || Joined::Again(ticket(TicketState::Waiting));
    let answered = send(mocks_that_issue(again), with("access", post(JOIN, "{}"))).await;
    assert_eq!(answered.status, 200);
}

#[actix_web::test]
async fn a_closed_room_says_when_to_come_back() {
    let answered = send(mocks_that_issue(|| Joined::Closed), with("access", post(JOIN, "{}"))).await;
    assert_eq!(answered.refusal(), (503, "QUEUE_CLOSED".to_owned()));
    assert_eq!(answered.header("retry-after"), Some("30"));
}

#[actix_web::test]
async fn who_joins_may_log_in_on_the_way() {
    for (right, status) in [(true, 201), (false, 401)] {
        let mut mocks = mocks_that_issue(issued);
        mocks.failed_logins.expect_closed_for().returning(|_, _| None);
        mocks.failed_logins.expect_failed().returning(|_, _| None);
        mocks.failed_logins.expect_succeeded().returning(|_, _| None);
        let login = Login { user: UserId(USER), password: PasswordHash("hash".into()) };
        mocks.users.expect_login_of().returning(move |_| Ok(Some(login.clone())));
        mocks.hasher.expect_verify().returning(move |_, _| Ok(right));
        let answered = send(mocks, post(JOIN, r#"{"email":"a@b","password":"secret"}"#)).await;
        assert_eq!(answered.status, status);
    }
}

#[actix_web::test]
async fn who_says_not_who_joins_does_not() {
    let id = format!(r#"{{"userId":"{USER}"}}"#);
    for body in ["", "{}", r#"{"email":"a@b"}"#, &id] {
        let request = if body.is_empty() { TestRequest::post().uri(JOIN) } else { post(JOIN, body) };
        let answered = send(Mocks::new(), request).await;
        assert_eq!(answered.refusal(), (401, "UNAUTHENTICATED".to_owned()), "{body}");
    }
}

#[actix_web::test]
async fn a_users_id_is_enough_only_where_it_is_trusted() {
    for (exists, status) in [(true, 201), (false, 404)] {
        let mut mocks = mocks_that_issue(issued);
        mocks.settings.trusted_identity = true;
        mocks.users.expect_exists().returning(move |_| Ok(exists));
        let answered = send(mocks, post(JOIN, &format!(r#"{{"userId":"{USER}"}}"#))).await;
        assert_eq!(answered.status, status);
    }
}

#[actix_web::test]
async fn who_asks_too_fast_is_told_when_to_ask_again() {
    let mut memory = MockRoomMemory::new();
    memory.expect_place().returning(|_| Some(standing(ticket(TicketState::Waiting))));
    memory.expect_note_question().returning(|_, _| Err(Duration::milliseconds(1_500)));
    let mocks = Mocks { memory, ..Mocks::new() };
    let answered = send(mocks, with("queue", get("/api/v1/queue/status"))).await;
    assert_eq!(answered.refusal(), (429, "POLLING_TOO_FAST".to_owned()));
    assert_eq!(answered.header("retry-after"), Some("2"));
}

#[actix_web::test]
async fn while_the_store_is_away_it_is_told_how_old_the_place_is() {
    for (age, header) in [(Duration::milliseconds(900), None), (Duration::milliseconds(7_900), Some("7"))] {
        let mut memory = MockRoomMemory::new();
        memory
            .expect_place()
            .returning(move |_| Some(Standing { age, ..standing(ticket(TicketState::Waiting)) }));
        memory.expect_note_question().returning(|_, _| Ok(()));
        let mocks = Mocks { memory, ..Mocks::new() };
        let answered = send(mocks, with("queue", get("/api/v1/queue/status"))).await;
        assert_eq!((answered.status.as_u16(), answered.header("age")), (200, header));
    }
}

#[actix_web::test]
async fn only_whoever_waits_is_told_to_ask_again() {
    let waiting = Mocks::with_ticket(ticket(TicketState::Waiting));
    let answered = send(waiting, with("queue", get("/api/v1/queue/status"))).await;
    assert_eq!((answered.status.as_u16(), answered.header("retry-after")), (200, Some("1")));
    assert_eq!(answered.json().get("token"), None);
    let answered = send(Mocks::with_ticket(active()), with("queue", get("/api/v1/queue/status"))).await;
    assert_eq!((answered.status.as_u16(), answered.header("retry-after")), (200, None));
    assert_eq!(answered.json()["expiresAt"], "1970-01-01T00:26:40Z");
}

fn entry() -> LedgerEntry {
    LedgerEntry {
        id: TransactionId(Uuid::from_u128(50)),
        user: UserId(USER),
        sequence: 7,
        kind: EntryKind::Charge,
        amount: Money::from_minor(10),
        balance_after: Money::from_minor(9_999_999_999),
        reference: None,
        at: now(),
    }
}

#[actix_web::test]
async fn a_charge_is_answered_exactly_and_its_replay_byte_for_byte() {
    let path = format!("/api/v1/users/{USER}/balance/charges");
    let facts = |recorded| ChargeFacts { ticket: Some(active()), recorded, balance: Money::ZERO };
    let mut fresh = Mocks::new();
    fresh.wallets.expect_load_for_charge().returning(move |_, _| Ok(facts(None)));
    fresh.wallets.expect_commit_charge().returning(|_| Ok(Commit::Committed(entry())));
    let request =
        || with("queue", post(&path, r#"{"amount":"0.10"}"#)).insert_header(("idempotency-key", "k"));
    let first = send(fresh, request()).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, None));
    let text = String::from_utf8(first.body.clone()).unwrap();
    assert!(text.ends_with(r#""amount":0.1,"currentBalance":99999999.99}"#), "{text}");

    let mut replayed = Mocks::new();
    replayed.wallets.expect_load_for_charge().returning(move |request, _| {
        let record = IdempotencyRecord { fingerprint: request.fingerprint(), result: Uuid::from_u128(50) };
        Ok(facts(Some(record)))
    });
    replayed.wallets.expect_entry().returning(|_, _| Ok(Some(entry())));
    let second = send(replayed, request()).await;
    assert_eq!((second.status.as_u16(), second.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(second.body, first.body);
}

#[actix_web::test]
async fn a_page_leads_to_the_next_one() {
    let mut mocks = Mocks::with_ticket(active());
    mocks
        .wallets
        .expect_entries()
        .returning(|_, _| Ok(Page { items: vec![entry()], next: Some(entry().cursor()) }));
    let path = format!("/api/v1/users/{USER}/balance/transactions");
    let answered = send(mocks, with("queue", get(&path))).await;
    let next = answered.json()["next"].as_str().unwrap().to_owned();

    let mut mocks = Mocks::with_ticket(active());
    let after = Cursor { position: 7, id: Uuid::from_u128(50) };
    mocks
        .wallets
        .expect_entries()
        .withf(move |_, page| page.after == Some(after) && page.limit.get() == 3)
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    let answered = send(mocks, with("queue", get(&format!("{path}?limit=3&cursor={next}")))).await;
    assert_eq!(answered.json(), json!({"items": [], "next": null}));
}

#[actix_web::test]
async fn the_operator_sees_the_whole_room() {
    let mut mocks = Mocks::new();
    let overview = RoomOverview {
        policy: RoomPolicy::default(),
        waiting: 3,
        passed_over: 1,
        active: 2,
        issued: 7,
        admitted_lately: 5,
        age: Duration::milliseconds(12),
    };
    mocks.memory.expect_overview().returning(move || overview.clone());
    let answered = send(mocks, with("operator", get("/api/v1/admin/queue"))).await;
    let expected = json!({
        "policy": {
            "strategy": "MAX_ACTIVE", "maxActive": 100, "admitCount": 100, "intervalSeconds": 10,
            "sessionSeconds": 600, "claimSeconds": 60, "state": "OPEN",
        },
        "state": "OPEN", "waiting": 3, "active": 2, "issued": 7, "admittedLastMinute": 5,
        "passedOver": 1, "ageMilliseconds": 12,
    });
    assert_eq!(answered.json(), expected);
}

#[actix_web::test]
async fn a_schedule_is_made_with_its_seats() {
    let mut mocks = Mocks::new();
    let concert = domain::catalog::Concert {
        id: Uuid::from_u128(10).into(),
        name: domain::text::Name::new("Concert").unwrap(),
        time_zone: domain::catalog::TimeZone::default(),
        created_at: now(),
    };
    mocks.catalog.expect_concert().returning(move |_| Ok(Some(concert.clone())));
    mocks.catalog.expect_add_schedule().returning(|_, _| Ok(()));
    let path = format!("/api/v1/admin/concerts/{}/schedules", Uuid::from_u128(10));
    let body = r#"{"concertDate":"2026-12-24T10:30:00+09:00","seats":[{"from":1,"to":50,"grade":"R","price":"0.5"}]}"#;
    let answered = send(mocks, with("operator", post(&path, body))).await;
    let created = json!({
        "scheduleId": Uuid::from_u128(77), "concertId": Uuid::from_u128(10), "totalSeats": 50,
        "concertDate": "2026-12-24T01:30:00Z", "salesOpenAt": "1970-01-01T00:16:40Z",
        "salesCloseAt": "2026-12-24T01:30:00Z",
    });
    assert_eq!((answered.status.as_u16(), answered.json()), (201, created));
}

#[actix_web::test]
async fn taken_seats_are_named() {
    use domain::catalog::{Occupancy, Seat};
    use domain::reservation::{HoldFacts, HoldsSoFar, Show};
    let number = SeatNumber::new(12).unwrap();
    let seat = Seat {
        id: Uuid::from_u128(30).into(),
        schedule: Uuid::from_u128(20).into(),
        number,
        name: number.seat_name(),
        grade: domain::text::Name::new("R").unwrap(),
        price: Money::from_units(1),
        occupancy: Occupancy::Sold { to: Uuid::from_u128(40).into() },
    };
    let show = Show {
        concert: Uuid::from_u128(10).into(),
        concert_name: domain::text::Name::new("Concert").unwrap(),
        schedule: Uuid::from_u128(20).into(),
        starts_at: now() + Duration::days(1),
    };
    let sales = SalesWindow::stored(now(), now() + Duration::days(1));
    let mut mocks = Mocks::new();
    mocks.inventory.expect_load_for_hold().returning(move |_, _, _| {
        Ok(HoldFacts {
            ticket: Some(active()),
            recorded: None,
            show: Some((show.clone(), sales)),
            seats: vec![seat.clone()],
            holds: HoldsSoFar::default(),
        })
    });
    let body = format!(r#"{{"scheduleId":"{}","seatNumbers":[12]}}"#, Uuid::from_u128(20));
    let answered = send(mocks, with("queue", post("/api/v1/reservations", &body))).await;
    assert_eq!(answered.refusal(), (409, "SEAT_TAKEN".to_owned()));
    assert_eq!(answered.json()["seatNumbers"], json!([12]));
}
