//! Refusals that no handler makes.

use actix_web::{http::Method, test::TestRequest};
use serde_json::json;

use super::support::{Answered, Mocks, get, post, send, with};

fn assert_is_a_whole_problem(answered: &Answered, path: &str) {
    assert_eq!(answered.header("content-type"), Some("application/problem+json"), "{path}");
    let body = answered.json();
    for member in ["type", "title", "status", "detail", "instance", "code", "requestId"] {
        assert!(!body[member].is_null(), "{path}: {member} is missing in {body}");
    }
    assert_eq!(body["status"], answered.status.as_u16(), "{path}");
    assert_eq!(body["instance"], path.split('?').next().unwrap(), "{path}");
    assert_eq!(body["requestId"].as_str(), answered.header("x-request-id"), "{path}");
}

#[actix_web::test]
async fn a_path_that_is_not_there_is_a_problem() {
    for path in
        ["/", "/api/v1", "/api/v1/nothing?x=1", "/api/v1/users//balance", "/docs/no-such-file", "/livez/"]
    {
        let answered = send(Mocks::new(), get(path)).await;
        assert_eq!(answered.refusal(), (404, "NOT_FOUND".to_owned()), "{path}");
        assert_is_a_whole_problem(&answered, path);
    }
}

#[actix_web::test]
async fn a_method_that_a_path_does_not_know_is_told_those_it_knows() {
    let table = [
        (Method::PUT, "/api/v1/reservations", "GET, POST"),
        (Method::GET, "/api/v1/users", "POST"),
        (Method::PATCH, "/api/v1/reservations/x", "GET, DELETE"),
        (Method::OPTIONS, "/api/v1/queue/status", "GET"),
        (Method::POST, "/livez", "GET"),
        (Method::GET, "/api/v1/admin/queue/policy", "PUT"),
    ];
    for (method, path, allowed) in table {
        let answered = send(Mocks::new(), TestRequest::with_uri(path).method(method)).await;
        assert_eq!(answered.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()), "{path}");
        assert_eq!(answered.header("allow"), Some(allowed), "{path}");
        assert_is_a_whole_problem(&answered, path);
    }
}

#[actix_web::test]
async fn without_a_key_the_operators_paths_are_not_there() {
    for request in [get("/api/v1/admin/queue"), post("/api/v1/admin/queue", "{}"), get("/api/v1/admin/other")]
    {
        let mut mocks = Mocks::new();
        mocks.settings.admin_key = None;
        let answered = send(mocks, with("operator", request)).await;
        assert_eq!(answered.refusal(), (404, "NOT_FOUND".to_owned()));
        assert_eq!(answered.json()["detail"], "The service has no such path.");
    }
}

#[actix_web::test]
async fn the_callers_request_id_is_taken_over() {
    let request = || get("/api/v1/nothing").insert_header(("x-request-id", "order-17"));
    let answered = send(Mocks::new(), request()).await;
    assert_eq!(answered.header("x-request-id"), Some("order-17"));
    assert_eq!(answered.json()["requestId"], "order-17");
    let answered = send(Mocks::new(), get("/livez").insert_header(("x-request-id", "order-17"))).await;
    assert_eq!((answered.status.as_u16(), answered.header("x-request-id")), (200, Some("order-17")));
}

#[actix_web::test]
async fn a_body_is_told_apart_by_what_is_wrong_with_it() {
    let path = "/api/v1/users";
    let large = format!(r#"{{"name":"{}"}}"#, "a".repeat(70_000));
    let table = [
        (post(path, "{"), (400, "MALFORMED_JSON")),
        (TestRequest::post().uri(path), (400, "MALFORMED_JSON")),
        (post(path, "[]"), (422, "INVALID_REQUEST")),
        (post(path, r#"{"name":1}"#), (422, "INVALID_REQUEST")),
        (post(path, &large), (413, "PAYLOAD_TOO_LARGE")),
        (TestRequest::post().uri(path).set_payload("{}"), (415, "UNSUPPORTED_MEDIA_TYPE")),
    ];
    for (request, (status, code)) in table {
        let answered = send(Mocks::new(), request).await;
        assert_eq!(answered.refusal(), (status, code.to_owned()));
        assert_is_a_whole_problem(&answered, path);
    }
}

#[actix_web::test]
async fn an_invalid_field_is_named() {
    let user =
        |name, email, password| json!({"name": name, "email": email, "password": password}).to_string();
    let table = [
        (user(" ", "a@b", "12345678"), "name"),
        (user("a\u{7f}b", "a@b", "12345678"), "name"),
        (user("Ada", "nobody", "12345678"), "email"),
        (user("Ada", "a@b", "1234567"), "password"),
        (r#"{"email":"a@b","password":"12345678"}"#.to_owned(), "name"),
    ];
    for (body, field) in table {
        let answered = send(Mocks::new(), post("/api/v1/users", &body)).await;
        assert_eq!(answered.refusal(), (422, "INVALID_REQUEST".to_owned()), "{body}");
        assert_eq!(answered.json()["field"], field, "{body}");
    }
}

#[actix_web::test]
async fn a_panic_in_a_handler_is_a_problem_that_tells_nothing() {
    // The mock expects no call, and panics.
    let answered = send(Mocks::new(), with("access", get("/api/v1/payments"))).await;
    assert_eq!(answered.refusal(), (500, "INTERNAL".to_owned()));
    assert_is_a_whole_problem(&answered, "/api/v1/payments");
    assert!(!String::from_utf8_lossy(&answered.body).contains("Mock"));
}
