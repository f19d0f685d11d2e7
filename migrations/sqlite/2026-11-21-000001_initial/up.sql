-- Ids are blobs of 16 bytes, instants are microseconds since 1970, amounts are counted in hundredths.

-- Identity ------------------------------------------------------------------------------------------------

CREATE TABLE users (
    id            blob PRIMARY KEY,
    name          text NOT NULL,
    email         text NOT NULL CONSTRAINT users_email_is_unique UNIQUE,
    password_hash text NOT NULL,
    registered_at integer NOT NULL
) STRICT;

-- Waiting room --------------------------------------------------------------------------------------------

-- One row: the counter that numbers are handed out from, the operator's policy, and the room's lock.
CREATE TABLE waiting_room (
    id               integer PRIMARY KEY CHECK (id = 1),
    last_number      integer NOT NULL CHECK (last_number >= 0),
    strategy         text NOT NULL CHECK (strategy IN ('MAX_ACTIVE', 'FIXED_RATE', 'BOTH')),
    max_active       integer NOT NULL CHECK (max_active > 0),
    admit_count      integer NOT NULL CHECK (admit_count > 0),
    interval_seconds integer NOT NULL CHECK (interval_seconds > 0),
    session_seconds  integer NOT NULL CHECK (session_seconds > 0),
    claim_seconds    integer NOT NULL CHECK (claim_seconds > 0),
    state            text NOT NULL CHECK (state IN ('OPEN', 'PAUSED', 'DRAINING')),
    -- When an instance last told who is there, and up to which number that is known.
    roll_called_at   integer,
    roll_up_to       integer NOT NULL DEFAULT 0 CHECK (roll_up_to >= 0),
    -- How often a ticket has changed.
    changes          integer NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE queue_tickets (
    id            blob PRIMARY KEY,
    user_id       blob NOT NULL REFERENCES users (id),
    number        integer NOT NULL CONSTRAINT queue_tickets_number_is_unique UNIQUE CHECK (number > 0),
    status        text NOT NULL,
    end_reason    text CHECK (end_reason IN ('PAID', 'LEFT', 'TIMED_OUT', 'NO_SHOW')),
    issued_at     integer NOT NULL,
    -- Until when whoever waits is believed to be there, and whether the turn came while nobody was.
    present_until integer NOT NULL,
    passed_over   integer NOT NULL DEFAULT 0 CHECK (passed_over IN (0, 1)),
    admitted_at   integer,
    -- When the owner first came after the admission.
    claimed_at    integer,
    expires_at    integer,
    ended_at      integer,
    -- Which of the room's changes last changed what instances know of a ticket; none since it was issued.
    changed_in    integer,
    CONSTRAINT queue_tickets_life CHECK (
        (status = 'WAITING' AND admitted_at IS NULL AND claimed_at IS NULL AND expires_at IS NULL AND ended_at IS NULL AND end_reason IS NULL)
        OR (status = 'ACTIVE' AND NOT passed_over AND admitted_at IS NOT NULL AND expires_at IS NOT NULL AND ended_at IS NULL AND end_reason IS NULL)
        OR (status = 'ENDED' AND NOT passed_over AND ended_at IS NOT NULL AND end_reason IS NOT NULL)
    )
) STRICT;

CREATE UNIQUE INDEX queue_tickets_one_live_a_user ON queue_tickets (user_id) WHERE status <> 'ENDED';
CREATE INDEX queue_tickets_waiting ON queue_tickets (number) WHERE status = 'WAITING' AND NOT passed_over;
CREATE INDEX queue_tickets_active ON queue_tickets (expires_at) WHERE status = 'ACTIVE';
CREATE INDEX queue_tickets_admitted ON queue_tickets (admitted_at) WHERE admitted_at IS NOT NULL;
CREATE INDEX queue_tickets_changed ON queue_tickets (changed_in) WHERE changed_in IS NOT NULL;

-- Whoever changes a ticket, by whatever statement, lets the instance find the change.
CREATE TRIGGER queue_tickets_stamp AFTER UPDATE ON queue_tickets
    WHEN OLD.status <> NEW.status OR OLD.passed_over <> NEW.passed_over
         OR OLD.claimed_at IS NOT NEW.claimed_at OR OLD.expires_at IS NOT NEW.expires_at
BEGIN
    UPDATE waiting_room SET changes = changes + 1;
    UPDATE queue_tickets SET changed_in = (SELECT changes FROM waiting_room) WHERE id = NEW.id;
END;

-- Catalogue -----------------------------------------------------------------------------------------------

CREATE TABLE concerts (
    id         blob PRIMARY KEY,
    name       text NOT NULL,
    time_zone  text NOT NULL,
    created_at integer NOT NULL
) STRICT;

CREATE INDEX concerts_in_order ON concerts (created_at, id);

CREATE TABLE schedules (
    id             blob PRIMARY KEY,
    concert_id     blob NOT NULL REFERENCES concerts (id),
    starts_at      integer NOT NULL,
    sales_open_at  integer NOT NULL,
    sales_close_at integer NOT NULL,
    total_seats    integer NOT NULL CHECK (total_seats BETWEEN 1 AND 50),
    CONSTRAINT schedules_sales_end_with_the_show CHECK (sales_open_at <= sales_close_at AND sales_close_at <= starts_at)
) STRICT;

CREATE INDEX schedules_of_a_concert ON schedules (concert_id, starts_at);

-- Reservations and seats ----------------------------------------------------------------------------------

CREATE TABLE reservations (
    id          blob PRIMARY KEY,
    user_id     blob NOT NULL REFERENCES users (id),
    schedule_id blob NOT NULL REFERENCES schedules (id),
    status      text NOT NULL CHECK (status IN ('RESERVED', 'PAID', 'CANCELLED', 'EXPIRED')),
    total_price integer NOT NULL CHECK (total_price >= 0),
    reserved_at integer NOT NULL,
    expires_at  integer NOT NULL
) STRICT;

CREATE INDEX reservations_of_a_user ON reservations (user_id, reserved_at DESC, id DESC);
CREATE INDEX reservations_to_run_out ON reservations (expires_at) WHERE status = 'RESERVED';

-- A seat has one row, and the row names at most one reservation: who has the seat is decided here.
CREATE TABLE seats (
    schedule_id    blob NOT NULL REFERENCES schedules (id),
    seat_number    integer NOT NULL CHECK (seat_number BETWEEN 1 AND 50),
    id             blob NOT NULL UNIQUE,
    seat_name      text NOT NULL,
    grade          text NOT NULL,
    price          integer NOT NULL CHECK (price >= 0),
    reservation_id blob REFERENCES reservations (id),
    held_until     integer,
    sold           integer NOT NULL DEFAULT 0,
    PRIMARY KEY (schedule_id, seat_number),
    CONSTRAINT seats_are_free_held_or_sold CHECK (
        (reservation_id IS NULL AND held_until IS NULL AND NOT sold)
        OR (reservation_id IS NOT NULL AND held_until IS NOT NULL AND NOT sold)
        OR (reservation_id IS NOT NULL AND held_until IS NULL AND sold)
    )
) STRICT;

-- The seats of a reservation as they were when it was made.
CREATE TABLE reserved_seats (
    reservation_id blob NOT NULL REFERENCES reservations (id),
    seat_number    integer NOT NULL,
    schedule_id    blob NOT NULL,
    seat_name      text NOT NULL,
    grade          text NOT NULL,
    price          integer NOT NULL CHECK (price >= 0),
    sold           integer NOT NULL DEFAULT 0,
    PRIMARY KEY (reservation_id, seat_number),
    FOREIGN KEY (schedule_id, seat_number) REFERENCES seats (schedule_id, seat_number)
) STRICT;

-- Whatever the code does, a seat is sold to one reservation only.
CREATE UNIQUE INDEX reserved_seats_are_sold_once ON reserved_seats (schedule_id, seat_number) WHERE sold;

-- How many holds a user ever made of a schedule. Two simultaneous holds can not both count the same unpaid
-- seats, because each must find this number as it read it.
CREATE TABLE hold_counts (
    user_id     blob NOT NULL REFERENCES users (id),
    schedule_id blob NOT NULL REFERENCES schedules (id),
    holds_made  integer NOT NULL CHECK (holds_made > 0),
    PRIMARY KEY (user_id, schedule_id)
) STRICT;

-- Wallets and payments ------------------------------------------------------------------------------------

CREATE TABLE wallets (
    user_id blob PRIMARY KEY REFERENCES users (id),
    balance integer NOT NULL DEFAULT 0 CONSTRAINT wallets_never_go_below_nothing CHECK (balance >= 0),
    entries integer NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE payments (
    id             blob PRIMARY KEY,
    reservation_id blob NOT NULL REFERENCES reservations (id)
                   CONSTRAINT payments_one_a_reservation UNIQUE,
    user_id        blob NOT NULL REFERENCES users (id),
    amount         integer NOT NULL CHECK (amount >= 0),
    status         text NOT NULL CHECK (status IN ('PAID', 'REFUNDED')),
    paid_at        integer NOT NULL
) STRICT;

CREATE INDEX payments_of_a_user ON payments (user_id, paid_at DESC, id DESC);

-- Which payments were given back, and why.
CREATE TABLE refunds (
    payment_id  blob PRIMARY KEY REFERENCES payments (id),
    reason      text NOT NULL,
    refunded_at integer NOT NULL
) STRICT;

CREATE TABLE ledger_entries (
    id            blob PRIMARY KEY,
    user_id       blob NOT NULL REFERENCES wallets (user_id),
    sequence      integer NOT NULL CHECK (sequence > 0),
    kind          text NOT NULL,
    amount        integer NOT NULL,
    balance_after integer NOT NULL CHECK (balance_after >= 0),
    reference     blob REFERENCES payments (id),
    at            integer NOT NULL,
    CONSTRAINT ledger_entries_in_one_order UNIQUE (user_id, sequence),
    CONSTRAINT ledger_entries_one_of_a_kind_a_payment UNIQUE (reference, kind),
    CONSTRAINT ledger_entries_make_sense CHECK (
        (kind = 'CHARGE' AND amount > 0 AND reference IS NULL)
        OR (kind = 'PAYMENT' AND amount <= 0 AND reference IS NOT NULL)
        OR (kind = 'REFUND' AND amount >= 0 AND reference IS NOT NULL)
    )
) STRICT;

CREATE TRIGGER ledger_entries_are_not_changed BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'a ledger is only ever added to');
END;

CREATE TRIGGER ledger_entries_are_not_removed BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'a ledger is only ever added to');
END;

-- Idempotency ---------------------------------------------------------------------------------------------

CREATE TABLE idempotency_records (
    user_id     blob NOT NULL,
    operation   text NOT NULL,
    key         text NOT NULL,
    fingerprint text NOT NULL,
    -- The reservation, payment or ledger entry that came of it.
    result      blob NOT NULL,
    recorded_at integer NOT NULL,
    CONSTRAINT idempotency_records_once PRIMARY KEY (user_id, operation, key)
) STRICT;

CREATE INDEX idempotency_records_by_age ON idempotency_records (recorded_at);
