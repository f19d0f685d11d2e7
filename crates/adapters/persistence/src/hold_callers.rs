//! Who wants to hold seats: what both stores are asked.

use diesel::sql_types::{BigInt, Nullable};

use crate::room_rows::{TicketColumns, TicketRow};

/// Selects a caller's ticket, how many unpaid seats of the schedule the caller holds, and how many holds of it the caller
/// ever made: one question, because the one number is only worth something as of the other. Who never made one holds
/// nothing. The relation `asked` has the columns `ticket`, `user_id`, `schedule_id` and `at`; to it are joined the
/// caller's ticket as `tickets` and row of `hold_counts`, where there are any.
macro_rules! select_hold_callers {
    (asked: $asked:literal, joined: $joined:literal $(,)?) => {
        concat!(
            "SELECT tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
                    tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at,
                    CASE WHEN hold_counts.holds_made IS NOT NULL THEN
                        (SELECT count(*)
                         FROM seats
                         WHERE seats.schedule_id = asked.schedule_id AND NOT seats.sold
                           AND seats.held_until > asked.at
                           AND (SELECT user_id FROM reservations WHERE id = seats.reservation_id) = asked.user_id)
                    END,
                    hold_counts.holds_made
             FROM ",
            $asked,
            " AS asked ",
            $joined
        )
    };
}
pub(crate) use select_hold_callers;

/// What is selected.
pub(crate) type HoldCallerColumns = (Nullable<TicketColumns>, Nullable<BigInt>, Nullable<BigInt>);

/// A ticket, unpaid seats, and holds ever made.
pub(crate) type HoldCaller = (Option<TicketRow>, Option<i64>, Option<i64>);
