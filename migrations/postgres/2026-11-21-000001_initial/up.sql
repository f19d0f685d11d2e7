-- Identity ------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    name          text NOT NULL,
    email         text NOT NULL CONSTRAINT users_email_is_unique UNIQUE,
    password_hash text NOT NULL,
    registered_at timestamptz NOT NULL
) WITH (fillfactor = 80);

-- Waiting room --------------------------------------------------------------------------------------------

-- One row: the counter that numbers are handed out from, the operator's policy, and the room's lock.
CREATE TABLE waiting_room (
    id               smallint PRIMARY KEY CHECK (id = 1),
    last_number      bigint NOT NULL CHECK (last_number >= 0),
    strategy         text NOT NULL CHECK (strategy IN ('MAX_ACTIVE', 'FIXED_RATE', 'BOTH')),
    max_active       integer NOT NULL CHECK (max_active > 0),
    admit_count      integer NOT NULL CHECK (admit_count > 0),
    interval_seconds integer NOT NULL CHECK (interval_seconds > 0),
    session_seconds  integer NOT NULL CHECK (session_seconds > 0),
    claim_seconds    integer NOT NULL CHECK (claim_seconds > 0),
    state            text NOT NULL CHECK (state IN ('OPEN', 'PAUSED', 'DRAINING')),
    -- When an instance last told who is there, and up to which number that is known.
    roll_called_at   timestamptz,
    roll_up_to       bigint NOT NULL DEFAULT 0 CHECK (roll_up_to >= 0)
) WITH (fillfactor = 20);

CREATE TABLE queue_tickets (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id),
    number        bigint NOT NULL CONSTRAINT queue_tickets_number_is_unique UNIQUE CHECK (number > 0),
    status        text NOT NULL,
    end_reason    text CHECK (end_reason IN ('PAID', 'LEFT', 'TIMED_OUT', 'NO_SHOW')),
    issued_at     timestamptz NOT NULL,
    -- Until when whoever waits is believed to be there, and whether the turn came while nobody was.
    present_until timestamptz NOT NULL,
    passed_over   boolean NOT NULL DEFAULT false,
    admitted_at   timestamptz,
    -- When the owner first came after the admission.
    claimed_at    timestamptz,
    expires_at    timestamptz,
    ended_at      timestamptz,
    -- The transaction that last changed what instances know of a ticket; none since it was issued.
    changed_in    xid8,
    CONSTRAINT queue_tickets_life CHECK (
        (status = 'WAITING' AND admitted_at IS NULL AND claimed_at IS NULL AND expires_at IS NULL AND ended_at IS NULL AND end_reason IS NULL)
        OR (status = 'ACTIVE' AND NOT passed_over AND admitted_at IS NOT NULL AND expires_at IS NOT NULL AND ended_at IS NULL AND end_reason IS NULL)
        OR (status = 'ENDED' AND NOT passed_over AND ended_at IS NOT NULL AND end_reason IS NOT NULL)
    )
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX queue_tickets_one_live_a_user ON queue_tickets (user_id) WHERE status <> 'ENDED';
CREATE INDEX queue_tickets_waiting ON queue_tickets (number) WHERE status = 'WAITING' AND NOT passed_over;
CREATE INDEX queue_tickets_active ON queue_tickets (expires_at) WHERE status = 'ACTIVE';
CREATE INDEX queue_tickets_admitted ON queue_tickets (admitted_at) WHERE admitted_at IS NOT NULL;
CREATE INDEX queue_tickets_changed ON queue_tickets (changed_in) WHERE changed_in IS NOT NULL;

-- Whoever changes a ticket, by whatever statement, lets the instances find the change.
CREATE FUNCTION queue_tickets_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id();
    RETURN NEW;
END
$$;

CREATE TRIGGER queue_tickets_stamp BEFORE UPDATE ON queue_tickets FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.passed_over <> NEW.passed_over
          OR OLD.claimed_at IS DISTINCT FROM NEW.claimed_at OR OLD.expires_at IS DISTINCT FROM NEW.expires_at)
    EXECUTE FUNCTION queue_tickets_stamp();

-- Catalogue -----------------------------------------------------------------------------------------------

CREATE TABLE concerts (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE INDEX concerts_in_order ON concerts (created_at, id);

CREATE TABLE schedules (
    id             uuid PRIMARY KEY,
    concert_id     uuid NOT NULL REFERENCES concerts (id),
    starts_at      timestamptz NOT NULL,
    sales_open_at  timestamptz NOT NULL,
    sales_close_at timestamptz NOT NULL,
    total_seats    smallint NOT NULL CHECK (total_seats BETWEEN 1 AND 50),
    CONSTRAINT schedules_sales_end_with_the_show CHECK (sales_open_at <= sales_close_at AND sales_close_at <= starts_at)
);

CREATE INDEX schedules_of_a_concert ON schedules (concert_id, starts_at);

-- Reservations and seats ----------------------------------------------------------------------------------

CREATE TABLE reservations (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id),
    schedule_id uuid NOT NULL REFERENCES schedules (id),
    status      text NOT NULL CHECK (status IN ('RESERVED', 'PAID', 'CANCELLED', 'EXPIRED')),
    total_price numeric(16, 2) NOT NULL CHECK (total_price >= 0),
    reserved_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX reservations_of_a_user ON reservations (user_id, reserved_at DESC, id DESC);
CREATE INDEX reservations_to_run_out ON reservations (expires_at) WHERE status = 'RESERVED';

-- A seat has one row, and the row names at most one reservation: who has the seat is decided here.
CREATE TABLE seats (
    schedule_id    uuid NOT NULL REFERENCES schedules (id),
    seat_number    smallint NOT NULL CHECK (seat_number BETWEEN 1 AND 50),
    id             uuid NOT NULL UNIQUE,
    seat_name      text NOT NULL,
    grade          text NOT NULL,
    price          numeric(16, 2) NOT NULL CHECK (price >= 0),
    reservation_id uuid REFERENCES reservations (id),
    held_until     timestamptz,
    sold           boolean NOT NULL DEFAULT false,
    PRIMARY KEY (schedule_id, seat_number),
    CONSTRAINT seats_are_free_held_or_sold CHECK (
        (reservation_id IS NULL AND held_until IS NULL AND NOT sold)
        OR (reservation_id IS NOT NULL AND held_until IS NOT NULL AND NOT sold)
        OR (reservation_id IS NOT NULL AND held_until IS NULL AND sold)
    )
) WITH (fillfactor = 50);

-- The seats of a reservation as they were when it was made.
CREATE TABLE reserved_seats (
    reservation_id uuid NOT NULL REFERENCES reservations (id),
    seat_number    smallint NOT NULL,
    schedule_id    uuid NOT NULL,
    seat_name      text NOT NULL,
    grade          text NOT NULL,
    price          numeric(16, 2) NOT NULL CHECK (price >= 0),
    sold           boolean NOT NULL DEFAULT false,
    PRIMARY KEY (reservation_id, seat_number),
    FOREIGN KEY (schedule_id, seat_number) REFERENCES seats (schedule_id, seat_number)
) WITH (fillfactor = 80);

-- Whatever the code does, a seat is sold to one reservation only.
CREATE UNIQUE INDEX reserved_seats_are_sold_once ON reserved_seats (schedule_id, seat_number) WHERE sold;

-- How many holds a user ever made of a schedule. Two simultaneous holds can not both count the same unpaid
-- seats, because each must find this number as it read it.
CREATE TABLE hold_counts (
    user_id     uuid NOT NULL REFERENCES users (id),
    schedule_id uuid NOT NULL REFERENCES schedules (id),
    holds_made  bigint NOT NULL CHECK (holds_made > 0),
    PRIMARY KEY (user_id, schedule_id)
);

-- Wallets and payments ------------------------------------------------------------------------------------

CREATE TABLE wallets (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    balance numeric(16, 2) NOT NULL DEFAULT 0 CONSTRAINT wallets_never_go_below_nothing CHECK (balance >= 0),
    entries bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE payments (
    id             uuid PRIMARY KEY,
    reservation_id uuid NOT NULL REFERENCES reservations (id)
                   CONSTRAINT payments_one_a_reservation UNIQUE,
    user_id        uuid NOT NULL REFERENCES users (id),
    amount         numeric(16, 2) NOT NULL CHECK (amount >= 0),
    status         text NOT NULL CHECK (status IN ('PAID', 'REFUNDED')),
    paid_at        timestamptz NOT NULL
);

CREATE INDEX payments_of_a_user ON payments (user_id, paid_at DESC, id DESC);

-- Which payments were given back, and why.
CREATE TABLE refunds (
    payment_id  uuid PRIMARY KEY REFERENCES payments (id),
    reason      text NOT NULL,
    refunded_at timestamptz NOT NULL
);

CREATE TABLE ledger_entries (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES wallets (user_id),
    sequence      bigint NOT NULL CHECK (sequence > 0),
    kind          text NOT NULL,
    amount        numeric(16, 2) NOT NULL,
    balance_after numeric(16, 2) NOT NULL CHECK (balance_after >= 0),
    reference     uuid REFERENCES payments (id),
    at            timestamptz NOT NULL,
    CONSTRAINT ledger_entries_in_one_order UNIQUE (user_id, sequence),
    CONSTRAINT ledger_entries_one_of_a_kind_a_payment UNIQUE (reference, kind),
    CONSTRAINT ledger_entries_make_sense CHECK (
        (kind = 'CHARGE' AND amount > 0 AND reference IS NULL)
        OR (kind = 'PAYMENT' AND amount <= 0 AND reference IS NOT NULL)
        OR (kind = 'REFUND' AND amount >= 0 AND reference IS NOT NULL)
    )
);

CREATE FUNCTION ledger_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a ledger is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_entries_stay();

-- Idempotency ---------------------------------------------------------------------------------------------

CREATE TABLE idempotency_records (
    user_id     uuid NOT NULL,
    operation   text NOT NULL,
    key         text NOT NULL,
    fingerprint text NOT NULL,
    -- The reservation, payment or ledger entry that came of it.
    result      uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT idempotency_records_once PRIMARY KEY (user_id, operation, key)
);

CREATE INDEX idempotency_records_by_age ON idempotency_records (recorded_at);
