-- A payment as one transaction, statement by statement: reservation, seats, payment, balance, ledger entry, the end of
-- the turn, and under the room's lock the admission of whoever is next.
\set n :n + 1
\set number :first + (:n - 1) * :clients + :client_id
\set schedule (:number - 1) / 50 + 1
BEGIN;
UPDATE reservations SET status = 'PAID'
WHERE id = ('00000006-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid
  AND user_id = ('00000001-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid
  AND status = 'RESERVED' AND expires_at > clock_timestamp() AND total_price = 10;
UPDATE seats SET sold = true, held_until = NULL
WHERE schedule_id = ('00000003-0000-7000-8000-' || lpad(to_hex(:schedule::bigint), 12, '0'))::uuid
  AND reservation_id = ('00000006-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid AND NOT sold;
UPDATE reserved_seats SET sold = true
WHERE reservation_id = ('00000006-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid;
INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
SELECT ('00000009-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid, id, user_id, total_price, 'PAID',
       clock_timestamp()
FROM reservations
WHERE id = ('00000006-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid AND status = 'PAID';
UPDATE wallets SET balance = balance - 10, entries = entries + 1
WHERE user_id = ('00000001-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid AND balance >= 10;
INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
SELECT ('00000007-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid, user_id, entries, 'PAYMENT', -10,
       balance, ('00000009-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid, clock_timestamp()
FROM wallets WHERE user_id = ('00000001-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid;
UPDATE queue_tickets SET status = 'ENDED', end_reason = 'PAID', ended_at = clock_timestamp()
WHERE id = ('00000002-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid
  AND user_id = ('00000001-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid
  AND status = 'ACTIVE' AND expires_at > clock_timestamp();
SELECT max_active FROM waiting_room FOR NO KEY UPDATE;
UPDATE queue_tickets
SET status = 'ACTIVE', admitted_at = clock_timestamp(), expires_at = clock_timestamp() + interval '1 day'
WHERE id = (
        SELECT id FROM queue_tickets WHERE status = 'WAITING' AND NOT passed_over ORDER BY number LIMIT 1
    )
  AND (SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND expires_at > clock_timestamp())
      < (SELECT max_active FROM waiting_room);
COMMIT;
