-- A charge with an idempotency key, as one statement: balance, ledger entry, record.
\set n :n + 1
\set charge :first + :client_id * :each + :n - 1
\set share :users / :clients
\set user 1 + :client_id * :share + :n % :share
WITH asked AS MATERIALIZED (
    SELECT ('00000002-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid AS ticket,
           ('00000001-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid AS user_id,
           ('00000007-0000-7000-8000-' || lpad(to_hex(:charge::bigint), 12, '0'))::uuid AS entry,
           1.00::numeric AS amount, 999999999998.99::numeric AS balance_at_most, clock_timestamp() AS at,
           'charge-' || :charge::bigint AS key,
           '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'::text AS fingerprint
),
wallet AS MATERIALIZED (
    SELECT wallets.user_id
    FROM wallets, asked
    WHERE wallets.user_id = asked.user_id AND wallets.balance <= asked.balance_at_most
    FOR NO KEY UPDATE OF wallets
),
turn AS MATERIALIZED (
    SELECT queue_tickets.expires_at
    FROM queue_tickets, asked
    WHERE queue_tickets.id = asked.ticket AND queue_tickets.user_id = asked.user_id
      AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
      AND EXISTS (SELECT FROM wallet)
    FOR SHARE OF queue_tickets
),
charged AS (
    UPDATE wallets
    SET balance = wallets.balance + asked.amount, entries = wallets.entries + 1
    FROM asked, turn
    WHERE wallets.user_id = asked.user_id AND turn.expires_at > clock_timestamp()
    RETURNING wallets.user_id, wallets.balance, wallets.entries
),
entry AS (
    INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, at)
    SELECT asked.entry, charged.user_id, charged.entries, 'CHARGE', asked.amount, charged.balance, asked.at
    FROM asked, charged
),
recorded AS (
    INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
    SELECT charged.user_id, 'CHARGE_BALANCE', asked.key, asked.fingerprint, asked.entry, clock_timestamp()
    FROM asked, charged
    WHERE asked.key IS NOT NULL
)
SELECT entries, balance FROM charged;
