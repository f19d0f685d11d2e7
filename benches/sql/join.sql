-- A ticket with a number of its own, into a table like that of the tickets: no counter, nobody to wait for.
\set n :n + 1
\set number :first + :client_id * :each + :n
INSERT INTO tickets_without_counter (id, user_id, number, status, issued_at, present_until)
VALUES (('00000008-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid,
        ('00000001-0000-7000-8000-' || lpad(to_hex(:number::bigint), 12, '0'))::uuid,
        :number::bigint, 'WAITING', clock_timestamp(), clock_timestamp() + interval '1 minute');
