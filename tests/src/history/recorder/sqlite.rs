//! The recorder's tables and triggers on SQLite.

use super::{POLICY_COLUMNS, differs, policy_members};

/// The columns of a ticket that the history tells of.
const TICKET_COLUMNS: [&str; 8] =
    ["user_id", "number", "status", "end_reason", "admitted_at", "expires_at", "claimed_at", "passed_over"];

pub(super) fn triggers() -> String {
    let clock = "CAST(round(unixepoch('subsec') * 1000) AS integer) * 1000";
    let policy = policy_members();
    let moment = format!(
        "INSERT INTO room_moments (at, live, policy)
         SELECT {clock},
                (SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND expires_at > {clock}),
                json_object({policy})
         FROM waiting_room;"
    );
    let ticket = "json_object(
            'user', lower(hex(NEW.user_id)), 'number', NEW.number, 'status', NEW.status,
            'reason', NEW.end_reason, 'admitted_at', NEW.admitted_at, 'expires_at', NEW.expires_at,
            'claimed_at', NEW.claimed_at, 'passed_over', json(iif(NEW.passed_over, 'true', 'false')))";
    let trigger = |name: &str, event: &str, kind: &str, subject: &str, after: &str| {
        format!(
            "CREATE TRIGGER room_history_{name} AFTER {event} BEGIN
                 {moment}
                 INSERT INTO room_changes (moment, kind, subject, after)
                 SELECT max(place), '{kind}', {subject}, {after} FROM room_moments;
             END;"
        )
    };
    let id = |column: &str| format!("lower(hex({column}))");
    // Rows are also updated to stamp them, and to note who is there: the history tells of neither.
    let ticket_changed = format!("UPDATE ON queue_tickets WHEN {}", differs(&TICKET_COLUMNS, "IS NOT"));
    let policy_changed = format!("UPDATE ON waiting_room WHEN {}", differs(&POLICY_COLUMNS, "<>"));
    [
        "CREATE TABLE room_moments (
            place integer PRIMARY KEY, at integer NOT NULL, live integer NOT NULL, policy text NOT NULL
         ) STRICT;
         CREATE TABLE room_changes (
            place integer PRIMARY KEY, moment integer NOT NULL, kind text NOT NULL, subject text, after text
         ) STRICT;"
            .to_owned(),
        trigger("issued", "INSERT ON queue_tickets", "TICKET", &id("NEW.id"), ticket),
        trigger("changed", &ticket_changed, "TICKET", &id("NEW.id"), ticket),
        trigger("deleted", "DELETE ON queue_tickets", "TICKET", &id("OLD.id"), "NULL"),
        trigger("paid", "INSERT ON payments", "PAYMENT", &id("NEW.user_id"), "NULL"),
        trigger("policy", &policy_changed, "POLICY", "NULL", "NULL"),
    ]
    .join("\n")
}
