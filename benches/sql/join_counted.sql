-- The same with the next number of a counter, whose row is locked until the commit.
\set n :n + 1
\set user :first + :client_id * :each + :n
WITH counted AS (UPDATE counter SET last_number = last_number + 1 RETURNING last_number)
INSERT INTO tickets_with_counter (id, user_id, number, status, issued_at, present_until)
SELECT ('00000008-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid,
       ('00000001-0000-7000-8000-' || lpad(to_hex(:user::bigint), 12, '0'))::uuid,
       last_number, 'WAITING', clock_timestamp(), clock_timestamp() + interval '1 minute'
FROM counted;
