-- A hold of one seat by one user, as one statement: the same rows, under the same conditions.
\set n :n + 1
\set place :first + :client_id * :each + :n - 1
\set schedule :place / 50 + 1
\set seat :place % 50 + 1
\set user 1 + :place % :users
WITH asked AS MATERIALIZED (
    SELECT ('00000002-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid AS ticket,
           ('00000006-0000-7000-8000-' || lpad(to_hex(:place::bigint), 12, '0'))::uuid AS reservation,
           ('00000001-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid AS user_id,
           ('00000003-0000-7000-8000-' || lpad(to_hex(:schedule::bigint), 12, '0'))::uuid AS schedule_id,
           ARRAY[:seat::smallint] AS seat_numbers, 10.00::numeric AS total_price,
           clock_timestamp() AS reserved_at, clock_timestamp() + interval '5 minutes' AS expires_at,
           0::bigint AS holds_made, NULL::text AS key, NULL::text AS fingerprint
),
free AS MATERIALIZED (
    SELECT seats.seat_number, seats.seat_name, seats.grade, seats.price
    FROM seats
    WHERE seats.schedule_id = (SELECT schedule_id FROM asked)
      AND seats.seat_number = ANY ((SELECT seat_numbers FROM asked)::smallint[])
      AND NOT seats.sold AND (seats.held_until IS NULL OR seats.held_until <= clock_timestamp())
    ORDER BY seats.seat_number
    FOR NO KEY UPDATE
),
turn AS MATERIALIZED (
    SELECT queue_tickets.expires_at
    FROM queue_tickets, asked
    WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
      AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
      AND (SELECT count(*) FROM free) = cardinality(asked.seat_numbers)
    FOR SHARE OF queue_tickets
),
due AS MATERIALIZED (
    SELECT asked.*
    FROM asked, turn, schedules
    WHERE turn.expires_at > clock_timestamp()
      AND schedules.id = asked.schedule_id
      AND schedules.sales_open_at <= clock_timestamp() AND schedules.sales_close_at > clock_timestamp()
      AND (SELECT sum(price) FROM free) = asked.total_price
),
counted AS (
    INSERT INTO hold_counts (user_id, schedule_id, holds_made)
    SELECT user_id, schedule_id, 1 FROM due
    ON CONFLICT (user_id, schedule_id) DO UPDATE SET holds_made = hold_counts.holds_made + 1
    WHERE hold_counts.holds_made = (SELECT holds_made FROM asked)
    RETURNING user_id
),
guarded AS MATERIALIZED (SELECT due.* FROM due, counted),
reserved AS (
    INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
    SELECT reservation, user_id, schedule_id, 'RESERVED', total_price, reserved_at, expires_at
    FROM guarded
),
reserved_seat AS (
    INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
    SELECT guarded.reservation, free.seat_number, guarded.schedule_id, free.seat_name, free.grade, free.price
    FROM guarded, free
),
held AS (
    UPDATE seats SET reservation_id = guarded.reservation, held_until = guarded.expires_at
    FROM guarded
    WHERE seats.schedule_id = guarded.schedule_id AND seats.seat_number = ANY (guarded.seat_numbers)
),
recorded AS (
    INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
    SELECT user_id, 'HOLD_SEATS', key, fingerprint, reservation, clock_timestamp()
    FROM guarded WHERE key IS NOT NULL
)
SELECT reservation FROM guarded;
