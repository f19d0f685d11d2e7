//! The tables, the same for both stores: what `migrations/` creates.

use diesel::table;

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Id, Moment};

    users (id) {
        id -> Id,
        name -> Text,
        email -> Text,
        password_hash -> Text,
        registered_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
    use crate::sql_types::Moment;

    waiting_room (id) {
        id -> SmallInt,
        last_number -> BigInt,
        strategy -> Text,
        max_active -> Integer,
        admit_count -> Integer,
        interval_seconds -> Integer,
        session_seconds -> Integer,
        claim_seconds -> Integer,
        state -> Text,
        roll_called_at -> Nullable<Moment>,
        roll_up_to -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql_types::{Id, Moment};

    queue_tickets (id) {
        id -> Id,
        user_id -> Id,
        number -> BigInt,
        status -> Text,
        end_reason -> Nullable<Text>,
        issued_at -> Moment,
        present_until -> Moment,
        passed_over -> Bool,
        admitted_at -> Nullable<Moment>,
        claimed_at -> Nullable<Moment>,
        expires_at -> Nullable<Moment>,
        ended_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Id, Moment};

    concerts (id) {
        id -> Id,
        name -> Text,
        time_zone -> Text,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::SmallInt;
    use crate::sql_types::{Id, Moment};

    schedules (id) {
        id -> Id,
        concert_id -> Id,
        starts_at -> Moment,
        sales_open_at -> Moment,
        sales_close_at -> Moment,
        total_seats -> SmallInt,
    }
}

table! {
    use diesel::sql_types::{Bool, Nullable, SmallInt, Text};
    use crate::sql_types::{Amount, Id, Moment};

    seats (schedule_id, seat_number) {
        schedule_id -> Id,
        seat_number -> SmallInt,
        id -> Id,
        seat_name -> Text,
        grade -> Text,
        price -> Amount,
        reservation_id -> Nullable<Id>,
        held_until -> Nullable<Moment>,
        sold -> Bool,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Amount, Id, Moment};

    reservations (id) {
        id -> Id,
        user_id -> Id,
        schedule_id -> Id,
        status -> Text,
        total_price -> Amount,
        reserved_at -> Moment,
        expires_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{Bool, SmallInt, Text};
    use crate::sql_types::{Amount, Id};

    reserved_seats (reservation_id, seat_number) {
        reservation_id -> Id,
        seat_number -> SmallInt,
        schedule_id -> Id,
        seat_name -> Text,
        grade -> Text,
        price -> Amount,
        sold -> Bool,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::sql_types::Id;

    hold_counts (user_id, schedule_id) {
        user_id -> Id,
        schedule_id -> Id,
        holds_made -> BigInt,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::sql_types::{Amount, Id};

    wallets (user_id) {
        user_id -> Id,
        balance -> Amount,
        entries -> BigInt,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Amount, Id, Moment};

    payments (id) {
        id -> Id,
        reservation_id -> Id,
        user_id -> Id,
        amount -> Amount,
        status -> Text,
        paid_at -> Moment,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Id, Moment};

    refunds (payment_id) {
        payment_id -> Id,
        reason -> Text,
        refunded_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql_types::{Amount, Id, Moment};

    ledger_entries (id) {
        id -> Id,
        user_id -> Id,
        sequence -> BigInt,
        kind -> Text,
        amount -> Amount,
        balance_after -> Amount,
        reference -> Nullable<Id>,
        at -> Moment,
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Id, Moment};

    idempotency_records (user_id, operation, key) {
        user_id -> Id,
        operation -> Text,
        key -> Text,
        fingerprint -> Text,
        result -> Id,
        recorded_at -> Moment,
    }
}

table! {
    use diesel::sql_types::Text;

    // Diesel's own list of what has been migrated.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::joinable!(schedules -> concerts (concert_id));
diesel::joinable!(reservations -> schedules (schedule_id));
diesel::joinable!(seats -> reservations (reservation_id));
diesel::joinable!(reserved_seats -> reservations (reservation_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    waiting_room,
    queue_tickets,
    concerts,
    schedules,
    seats,
    reservations,
    reserved_seats,
    hold_counts,
    wallets,
    payments,
    refunds,
    ledger_entries,
    idempotency_records,
);
