//! Who may do what, and in which order it is told.

use actix_web::test::TestRequest;
use domain::{
    storage::StorageError,
    waiting_room::{EndReason, MockRoomMemory, Ticket, TicketState},
};

use super::support::{Mocks, SOMEBODY_ELSE, USER, active, get, post, send, ticket, with};

const SOME_ID: &str = "0192f0c1-7e7b-7000-8000-000000000020";

fn waiting() -> Ticket {
    ticket(TicketState::Waiting)
}

fn ended() -> Ticket {
    ticket(TicketState::Ended { reason: EndReason::TimedOut })
}

/// Every admitted call, each with something wrong that is only told to whoever's turn it is.
fn admitted_calls() -> Vec<(TestRequest, (u16, &'static str))> {
    let mine = |rest: &str| format!("/api/v1/users/{USER}/balance{rest}");
    vec![
        (get("/api/v1/concerts?limit=0"), (422, "INVALID_REQUEST")),
        (get("/api/v1/concerts/nobody/schedules"), (404, "CONCERT_NOT_FOUND")),
        (get("/api/v1/concerts/nobody/schedules?date=2026-02-30"), (422, "INVALID_REQUEST")),
        (get("/api/v1/schedules/nobody/seats"), (404, "SCHEDULE_NOT_FOUND")),
        (get("/api/v1/schedules/nobody/seats?status=SOLD"), (422, "INVALID_REQUEST")),
        (post("/api/v1/reservations", "{"), (400, "MALFORMED_JSON")),
        (post("/api/v1/reservations", "{}"), (422, "INVALID_REQUEST")),
        (
            post("/api/v1/reservations", &hold()).insert_header(("idempotency-key", "a b")),
            (422, "INVALID_REQUEST"),
        ),
        (TestRequest::delete().uri("/api/v1/reservations/nobody"), (404, "RESERVATION_NOT_FOUND")),
        (post("/api/v1/payments", r#"{"reservationId":"nobody"}"#), (422, "INVALID_REQUEST")),
        (post(&mine("/charges"), r#"{"amount":0.001}"#), (422, "INVALID_AMOUNT")),
        (post(&mine("/charges"), "{}"), (422, "INVALID_AMOUNT")),
        (get(&mine("/transactions?cursor=x")), (422, "INVALID_REQUEST")),
        (get("/api/v1/users/nobody/balance"), (404, "USER_NOT_FOUND")),
        (post("/api/v1/users/nobody/balance/charges", r#"{"amount":1}"#), (404, "USER_NOT_FOUND")),
        (post("/api/v1/users/nobody/balance/charges", r#"{"amount":"x"}"#), (422, "INVALID_AMOUNT")),
    ]
}

fn hold() -> String {
    format!(r#"{{"scheduleId":"{SOME_ID}","seatNumbers":[1]}}"#)
}

#[actix_web::test]
async fn whoevers_turn_it_is_is_told_what_is_wrong() {
    for (request, (status, code)) in admitted_calls() {
        let answered = send(Mocks::with_ticket(active()), with("queue", request)).await;
        assert_eq!(answered.refusal(), (status, code.to_owned()), "{}", answered.json());
    }
}

#[actix_web::test]
async fn whoever_waits_is_told_so_before_anything_else() {
    for (request, _) in admitted_calls() {
        let answered = send(Mocks::with_ticket(waiting()), with("queue", request)).await;
        assert_eq!(answered.refusal(), (403, "NOT_ADMITTED".to_owned()));
        let body = answered.json();
        assert_eq!(body["ahead"], 4);
        assert_eq!(body["pollAfterSeconds"].to_string().as_str(), answered.header("retry-after").unwrap());
    }
}

#[actix_web::test]
async fn whoevers_turn_is_over_is_told_so_before_anything_else() {
    for (request, _) in admitted_calls() {
        let answered = send(Mocks::with_ticket(ended()), with("queue", request)).await;
        assert_eq!(answered.refusal(), (401, "QUEUE_TOKEN_ENDED".to_owned()));
        assert_eq!(answered.json()["reason"], "TIMED_OUT");
        assert_eq!(answered.header("www-authenticate"), Some("Bearer"));
    }
}

#[actix_web::test]
async fn an_access_token_is_no_queue_token() {
    for (request, _) in admitted_calls() {
        let answered = send(Mocks::with_ticket(active()), with("access", request)).await;
        assert_eq!(answered.refusal(), (401, "UNAUTHENTICATED".to_owned()));
    }
    for (request, _) in admitted_calls() {
        let answered = send(Mocks::with_ticket(active()), request).await;
        assert_eq!(answered.refusal(), (401, "UNAUTHENTICATED".to_owned()));
    }
}

#[actix_web::test]
async fn a_queue_token_is_no_access_token() {
    let request = TestRequest::post().uri("/api/v1/queue/tokens");
    let answered = send(Mocks::with_ticket(active()), with("queue", request)).await;
    assert_eq!(answered.refusal(), (401, "UNAUTHENTICATED".to_owned()));
}

#[actix_web::test]
async fn identified_calls_take_either_token() {
    for token in ["access", "queue"] {
        for path in ["/api/v1/reservations/nobody", "/api/v1/payments/nobody"] {
            assert_eq!(send(Mocks::new(), with(token, get(path))).await.status, 404, "{token} {path}");
        }
    }
    for path in
        ["/api/v1/reservations", "/api/v1/reservations/nobody", "/api/v1/payments", "/api/v1/payments/nobody"]
    {
        assert_eq!(send(Mocks::new(), with("other", get(path))).await.status, 401, "{path}");
        assert_eq!(send(Mocks::new(), get(path)).await.status, 401, "{path}");
    }
}

#[actix_web::test]
async fn somebody_elses_balance_is_forbidden() {
    let theirs = |rest: &str| format!("/api/v1/users/{SOMEBODY_ELSE}/balance{rest}");
    let requests = [
        get(&theirs("")),
        get(&theirs("/transactions")),
        get(&theirs("/transactions?limit=0")),
        post(&theirs("/charges"), r#"{"amount":1}"#),
        post(&theirs("/charges"), "{"),
    ];
    for request in requests {
        let answered = send(Mocks::with_ticket(active()), with("queue", request)).await;
        assert_eq!(answered.refusal(), (403, "FORBIDDEN".to_owned()));
    }
}

#[actix_web::test]
async fn only_the_operators_key_opens_the_operators_paths() {
    for token in ["access", "queue", "operato", "operator!"] {
        let answered = send(Mocks::new(), with(token, get("/api/v1/admin/queue"))).await;
        assert_eq!(answered.refusal(), (401, "UNAUTHENTICATED".to_owned()), "{token}");
    }
    let answered = send(Mocks::new(), with("operator", post("/api/v1/admin/concerts", "{}"))).await;
    assert_eq!(answered.refusal(), (422, "INVALID_REQUEST".to_owned()));
}

#[actix_web::test]
async fn a_store_that_is_away_is_a_503_that_says_when_to_try_again() {
    let mut memory = MockRoomMemory::new();
    memory.expect_place().returning(|_| None);
    memory.expect_look_up().returning(|_| Err(StorageError::unavailable("connection refused")));
    let mocks = Mocks { memory, ..Mocks::new() };
    let answered = send(mocks, with("queue", get("/api/v1/queue/status"))).await;
    assert_eq!(answered.refusal(), (503, "STORE_UNAVAILABLE".to_owned()));
    assert_eq!(answered.header("retry-after"), Some("1"));
    assert!(!String::from_utf8_lossy(&answered.body).contains("refused"));
}
