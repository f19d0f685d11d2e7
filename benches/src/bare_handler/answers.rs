//! Answers from memory, to whoever has a genuine queue token.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    web::{Bytes, Data},
};
use adapter_credentials::JsonWebTokens;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::{QueueClaims, Tokens};
use serde::Serialize;
use uuid::Uuid;

/// The bodies that the service has answered.
pub(crate) struct Bodies {
    pub(crate) listing: Bytes,
    pub(crate) problem: Bytes,
}

/// What a place is told from.
pub(crate) struct Room {
    front: AtomicU64,
    waiting: AtomicU64,
}

impl Default for Room {
    fn default() -> Self {
        Self { front: AtomicU64::new(1), waiting: AtomicU64::new(1_000) }
    }
}

/// The members of the service's own answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    user_id: Uuid,
    status: &'static str,
    number: u64,
    ahead: u64,
    waiting: u64,
    estimated_wait_seconds: Option<u64>,
    poll_after_seconds: u64,
    issued_at: String,
    expires_at: Option<DateTime<Utc>>,
    reason: Option<&'static str>,
}

fn caller(request: &HttpRequest, tokens: &JsonWebTokens) -> Option<QueueClaims> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    tokens.verify_queue(value.strip_prefix("Bearer ")?, Utc::now()).ok()
}

pub(crate) async fn check_place(
    request: HttpRequest,
    tokens: Data<JsonWebTokens>,
    room: Data<Room>,
) -> HttpResponse {
    let Some(claims) = caller(&request, &tokens) else { return HttpResponse::Unauthorized().finish() };
    let place = Place {
        user_id: claims.user.0,
        status: "WAITING",
        number: claims.number,
        ahead: claims.number.saturating_sub(room.front.load(Ordering::Relaxed)),
        waiting: room.waiting.load(Ordering::Relaxed),
        estimated_wait_seconds: None,
        poll_after_seconds: 30,
        issued_at: claims.issued_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        expires_at: None,
        reason: None,
    };
    HttpResponse::Ok().insert_header((RETRY_AFTER, place.poll_after_seconds)).json(place)
}

pub(crate) async fn hold_seats(
    request: HttpRequest,
    _body: Bytes,
    tokens: Data<JsonWebTokens>,
    bodies: Data<Bodies>,
) -> HttpResponse {
    if caller(&request, &tokens).is_none() {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Conflict()
        .insert_header((CONTENT_TYPE, "application/problem+json"))
        .body(bodies.problem.clone())
}

pub(crate) async fn list_seats(
    request: HttpRequest,
    tokens: Data<JsonWebTokens>,
    bodies: Data<Bodies>,
) -> HttpResponse {
    if caller(&request, &tokens).is_none() {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(bodies.listing.clone())
}
