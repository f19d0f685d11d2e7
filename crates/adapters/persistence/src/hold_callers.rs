//! Who wants to hold seats: both stores are asked in the same words.

use diesel::sql_types::{BigInt, Nullable};

use crate::room_rows::{TicketColumns, TicketRow};

/// Selects a caller's ticket, how many unpaid seats of the schedule the caller holds, and how many holds of it the caller
/// ever made: one question, because the one number is only worth something as of the other. Who never made one holds
/// nothing. The relation that is given has the columns `ticket`, `user_id`, `schedule_id` and `at`.
macro_rules! select_hold_callers {
    ($asked:literal) => {
        concat!(
            "SELECT tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
                    tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at,
                    CASE WHEN hold_counts.holds_made IS NOT NULL THEN
                        (SELECT count(*)
                         FROM seats JOIN reservations ON reservations.id = seats.reservation_id
                         WHERE seats.schedule_id = asked.schedule_id AND NOT seats.sold
                           AND seats.held_until > asked.at AND reservations.user_id = asked.user_id)
                    END,
                    hold_counts.holds_made
             FROM ",
            $asked,
            " AS asked
             LEFT JOIN queue_tickets AS tickets ON tickets.id = asked.ticket AND tickets.user_id = asked.user_id
             LEFT JOIN hold_counts
                 ON hold_counts.user_id = asked.user_id AND hold_counts.schedule_id = asked.schedule_id"
        )
    };
}
pub(crate) use select_hold_callers;

/// What is selected.
pub(crate) type HoldCallerColumns = (Nullable<TicketColumns>, Nullable<BigInt>, Nullable<BigInt>);

/// A ticket, unpaid seats, and holds ever made.
pub(crate) type HoldCaller = (Option<TicketRow>, Option<i64>, Option<i64>);
