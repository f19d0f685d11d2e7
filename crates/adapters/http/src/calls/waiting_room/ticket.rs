//! A ticket, as its owner sees it.

use domain::waiting_room::{Standing, TicketState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::response::{EndReasonName, Instant, whole_seconds};

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TicketStatus {
    /// Its turn has not come.
    Waiting,
    /// It is its turn.
    Active,
    /// It is over.
    Ended,
}

/// A place in the waiting room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ticket, examples(json!({
    "userId": "0192f0c1-7e7b-7000-8000-000000000001", "status": "WAITING", "number": 142, "ahead": 41,
    "waiting": 97, "estimatedWaitSeconds": 25, "pollAfterSeconds": 3, "issuedAt": "2026-12-24T10:30:00Z",
    "expiresAt": null, "reason": null,
})))]
pub(crate) struct TicketBody {
    /// Whose it is.
    user_id: Uuid,
    /// Where it is in its life.
    status: TicketStatus,
    /// The place in the order of arrival, from 1, never reused.
    #[schema(minimum = 1)]
    number: u64,
    /// How many who are still waiting stand in front; 0 once it is its turn.
    #[schema(minimum = 0)]
    ahead: u64,
    /// How many wait in all.
    #[schema(minimum = 0)]
    waiting: u64,
    /// The wait by the admissions measured lately; null while none were, and for whoever does not wait.
    #[schema(required, minimum = 0)]
    estimated_wait_seconds: Option<u64>,
    /// When to ask again.
    #[schema(minimum = 0)]
    poll_after_seconds: u64,
    /// When it was issued.
    issued_at: Instant,
    /// When the turn ends, while it is its turn. Whoever comes in time keeps it for the session time.
    #[schema(required)]
    expires_at: Option<Instant>,
    /// Why it is over, once it is.
    #[schema(required)]
    reason: Option<EndReasonName>,
}

impl TicketBody {
    /// Whether its owner should ask again.
    pub(crate) fn poll_after(&self) -> Option<u64> {
        (self.status == TicketStatus::Waiting).then_some(self.poll_after_seconds)
    }
}

impl From<&Standing> for TicketBody {
    fn from(standing: &Standing) -> Self {
        let ticket = &standing.ticket;
        let (status, expires_at, reason) = match ticket.state {
            TicketState::Waiting => (TicketStatus::Waiting, None, None),
            TicketState::Active { expires_at, .. } => (TicketStatus::Active, Some(expires_at.into()), None),
            TicketState::Ended { reason } => (TicketStatus::Ended, None, Some(reason.into())),
        };
        Self {
            user_id: ticket.user.0,
            status,
            number: ticket.number,
            ahead: if status == TicketStatus::Waiting { standing.ahead } else { 0 },
            waiting: standing.waiting,
            estimated_wait_seconds: standing.estimated_wait().map(whole_seconds),
            poll_after_seconds: whole_seconds(standing.poll_after()),
            issued_at: ticket.issued_at.into(),
            expires_at,
            reason,
        }
    }
}

/// A place in the waiting room, with the token that stands for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedTicket)]
pub(crate) struct IssuedTicketBody {
    /// The queue token.
    #[schema(examples("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJuIjoxNDJ9.c2lnbmF0dXJl"))]
    pub(crate) token: String,
    #[serde(flatten)]
    pub(crate) ticket: TicketBody,
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use domain::{
        ids::{TicketId, UserId},
        waiting_room::{EndReason, Ticket},
    };
    use serde_json::json;

    use super::*;

    fn body(state: TicketState) -> serde_json::Value {
        let at = |second| Utc.timestamp_opt(second, 0).unwrap();
        let ticket = Ticket {
            id: TicketId(Uuid::nil()),
            user: UserId(Uuid::nil()),
            number: 12,
            issued_at: at(0),
            state,
        };
        let standing = Standing {
            ticket,
            ahead: 4,
            there_ahead: 4,
            waiting: 9,
            admitted_lately: 60,
            claim: chrono::Duration::seconds(60),
            age: chrono::Duration::zero(),
        };
        serde_json::to_value(TicketBody::from(&standing)).unwrap()
    }

    #[test]
    fn every_member_is_there_whatever_the_status() {
        let active = TicketState::Active { expires_at: Utc.timestamp_opt(60, 0).unwrap(), claimed: true };
        for state in [TicketState::Waiting, active, TicketState::Ended { reason: EndReason::NoShow }] {
            assert_eq!(body(state).as_object().unwrap().len(), 10);
        }
    }

    #[test]
    fn only_an_active_ticket_expires_and_only_an_ended_one_has_a_reason() {
        let waiting = body(TicketState::Waiting);
        assert_eq!(waiting["estimatedWaitSeconds"], 5);
        assert!(waiting["expiresAt"].is_null() && waiting["reason"].is_null());
        let active =
            body(TicketState::Active { expires_at: Utc.timestamp_opt(60, 0).unwrap(), claimed: true });
        assert_eq!((&active["expiresAt"], &active["ahead"]), (&json!("1970-01-01T00:01:00Z"), &json!(0)));
        let ended = body(TicketState::Ended { reason: EndReason::TimedOut });
        assert_eq!((&ended["reason"], &ended["expiresAt"]), (&json!("TIMED_OUT"), &json!(null)));
    }
}
