//! The recorder's tables and triggers on PostgreSQL.

use super::{POLICY_COLUMNS, differs, policy_members};

pub(super) fn triggers() -> String {
    let policy = policy_members();
    let policy_differs = differs(&POLICY_COLUMNS, "IS DISTINCT FROM");
    format!(
        "
        CREATE TABLE room_moments (
            place       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            transaction xid8 NOT NULL UNIQUE,
            at          bigint NOT NULL,
            live        bigint NOT NULL,
            policy      json NOT NULL
        );
        CREATE TABLE room_changes (
            place   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            moment  bigint NOT NULL REFERENCES room_moments (place),
            kind    text NOT NULL,
            subject uuid,
            after   json
        );
        CREATE FUNCTION room_micros(instant timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
            SELECT (extract(epoch FROM instant) * 1000000)::bigint
        $$;
        CREATE FUNCTION room_ticket(ticket queue_tickets) RETURNS json LANGUAGE sql STABLE AS $$
            SELECT json_build_object(
                'user', ticket.user_id, 'number', ticket.number, 'status', ticket.status,
                'reason', ticket.end_reason, 'admitted_at', room_micros(ticket.admitted_at),
                'expires_at', room_micros(ticket.expires_at), 'claimed_at', room_micros(ticket.claimed_at),
                'passed_over', ticket.passed_over)
        $$;
        CREATE FUNCTION room_moment() RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE
            found_place bigint;
            instant timestamptz;
        BEGIN
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'a recorder that keeps an old snapshot does not see what was committed';
            END IF;
            PERFORM pg_advisory_xact_lock(7247);
            SELECT place INTO found_place FROM room_moments WHERE transaction = pg_current_xact_id();
            IF found_place IS NULL THEN
                instant := clock_timestamp();
                INSERT INTO room_moments (transaction, at, live, policy)
                SELECT pg_current_xact_id(), room_micros(instant),
                       (SELECT count(*) FROM queue_tickets WHERE status = 'ACTIVE' AND expires_at > instant),
                       json_build_object({policy})
                FROM waiting_room
                RETURNING place INTO found_place;
            END IF;
            RETURN found_place;
        END $$;
        CREATE FUNCTION note_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                INSERT INTO room_changes (moment, kind, subject) VALUES (room_moment(), 'TICKET', OLD.id);
            ELSE
                INSERT INTO room_changes (moment, kind, subject, after)
                VALUES (room_moment(), 'TICKET', NEW.id, room_ticket(NEW));
            END IF;
            RETURN NULL;
        END $$;
        CREATE FUNCTION note_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO room_changes (moment, kind, subject) VALUES (room_moment(), 'PAYMENT', NEW.user_id);
            RETURN NULL;
        END $$;
        CREATE FUNCTION note_policy() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO room_changes (moment, kind) VALUES (room_moment(), 'POLICY');
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER room_history AFTER INSERT OR UPDATE OR DELETE ON queue_tickets
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_ticket();
        CREATE CONSTRAINT TRIGGER room_history AFTER INSERT ON payments
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_payment();
        CREATE CONSTRAINT TRIGGER room_history AFTER UPDATE ON waiting_room
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ({policy_differs}) EXECUTE FUNCTION note_policy();
        "
    )
}
