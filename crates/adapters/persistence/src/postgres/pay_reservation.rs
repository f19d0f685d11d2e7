//! Payments that are decided and made together.

use std::collections::{HashMap, HashSet};

use diesel::{
    result::Error,
    sql_types::{SmallInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    commit::Commit,
    idempotency::Operation,
    ids::{PaymentId, ReservationId, UserId},
    money::Money,
    payment::{PaymentFacts, Settlement},
    reservation::Reservation,
    storage::StorageError,
};
use futures_util::future::try_join3;

use super::{
    committing, errors,
    idempotency::{find_records, keys_and_fingerprints},
    lending::Connection,
    moment,
    reservations::reserved_seats,
    statement::{SqlText, Statement, Values, values},
    together::{Together, unless_a_rule_was_broken},
    waiting_room::find_tickets,
};
use crate::{
    fail_points::StoredChange,
    questions::PaymentQuestion,
    rows::{ReservationRow, ReservedSeatRow, ScheduleRow, reservation},
    sql_types::{Amount, Id, Moment, StoredAmount, StoredId},
};

/// Everything that has to hold is locked first, one row after the other and each only if the one before was
/// found; `due` has a row only if all of it was, and asks the clock once more, since a lock may have taken
/// time. Only then is anything written.
macro_rules! pay_reservations {
    ($locked:literal) => {
        concat!(
            "
        WITH asked AS MATERIALIZED (
            SELECT *
            FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::uuid[], {}::numeric[], {}::bigint[],
                        {}::timestamptz[], {}::uuid[], {}::text[], {}::text[])
                AS asked (ticket, payment, reservation, user_id, amount, seats, paid_at, entry, key, fingerprint)
        ),
        reservation AS MATERIALIZED (
            SELECT wanted.*, hold.schedule_id, hold.expires_at
            FROM (SELECT * FROM asked ORDER BY reservation) AS wanted
            CROSS JOIN LATERAL (
                SELECT user_id, schedule_id, status, total_price, expires_at FROM reservations
                WHERE id = wanted.reservation
                LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS hold
            WHERE hold.user_id = wanted.user_id AND hold.total_price = wanted.amount
              AND hold.status = 'RESERVED' AND hold.expires_at > clock_timestamp()
        ),
        held AS MATERIALIZED (
            SELECT reserved.*
            FROM (
                SELECT reservation.*, reserved_seat.seat_number
                FROM reservation
                CROSS JOIN LATERAL (
                    SELECT seat_number FROM reserved_seats WHERE reservation_id = reservation.reservation OFFSET 0
                ) AS reserved_seat
                ORDER BY schedule_id, seat_number
            ) AS reserved
            CROSS JOIN LATERAL (
                SELECT reservation_id, sold FROM seats
                WHERE schedule_id = reserved.schedule_id AND seat_number = reserved.seat_number
                LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS seat
            WHERE seat.reservation_id = reserved.reservation AND NOT seat.sold
        ),
        found AS MATERIALIZED (
            SELECT held.*, count(*) OVER own AS seats_found, row_number() OVER own = 1 AS is_first
            FROM held WINDOW own AS (PARTITION BY reservation)
        ),
        wallet AS MATERIALIZED (
            SELECT payable.*, wallet.balance - payable.amount AS balance_after, wallet.entries + 1 AS sequence
            FROM (SELECT * FROM found WHERE is_first AND seats_found = seats ORDER BY user_id) AS payable
            CROSS JOIN LATERAL (
                SELECT balance, entries FROM wallets WHERE user_id = payable.user_id LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS wallet
            WHERE wallet.balance >= payable.amount
        ),
        turn AS MATERIALIZED (
            SELECT paying.*, ticket.expires_at AS turn_expires_at
            FROM (SELECT * FROM wallet ORDER BY ticket) AS paying
            CROSS JOIN LATERAL (
                SELECT user_id, status, expires_at FROM queue_tickets
                WHERE id = paying.ticket
                LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS ticket
            WHERE ticket.user_id = paying.user_id
              AND ticket.status = 'ACTIVE' AND ticket.expires_at > clock_timestamp()
        ),
        due AS MATERIALIZED (
            SELECT * FROM turn WHERE expires_at > clock_timestamp() AND turn_expires_at > clock_timestamp()
        ),
        reservation_paid AS (
            UPDATE reservations SET status = 'PAID' FROM due WHERE reservations.id = due.reservation
        ),
        reserved_seats_sold AS (
            UPDATE reserved_seats SET sold = true FROM due WHERE reserved_seats.reservation_id = due.reservation
        ),
        seats_sold AS (
            UPDATE seats SET sold = true, held_until = NULL
            FROM due JOIN reserved_seats ON reserved_seats.reservation_id = due.reservation
            WHERE seats.schedule_id = due.schedule_id AND seats.seat_number = reserved_seats.seat_number
        ),
        paid AS (
            INSERT INTO payments (id, reservation_id, user_id, amount, status, paid_at)
            SELECT payment, reservation, user_id, amount, 'PAID', paid_at FROM due
        ),
        debited AS (
            UPDATE wallets SET balance = due.balance_after, entries = due.sequence
            FROM due WHERE wallets.user_id = due.user_id
        ),
        entered AS (
            INSERT INTO ledger_entries (id, user_id, sequence, kind, amount, balance_after, reference, at)
            SELECT entry, user_id, sequence, 'PAYMENT', -amount, balance_after, payment, paid_at FROM due
        ),
        turn_ended AS (
            UPDATE queue_tickets SET status = 'ENDED', end_reason = 'PAID', ended_at = clock_timestamp()
            FROM due WHERE queue_tickets.id = due.ticket
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT user_id, 'PAY_RESERVATION', key, fingerprint, payment, clock_timestamp()
            FROM due WHERE key IS NOT NULL ORDER BY user_id, key
        )
        SELECT payment, balance_after FROM due"
        )
    };
}

struct PayTogether;

impl SqlText for PayTogether {
    const SQL: &'static str = pay_reservations!(" SKIP LOCKED");
    type Columns = (Id, Amount);
}

struct PayAlone;

impl SqlText for PayAlone {
    const SQL: &'static str = pay_reservations!("");
    type Columns = (Id, Amount);
}

/// Tries to settle one hold of each user, and tells of all what became of them, with what is left in the wallets.
pub(super) async fn commit(
    mut connection: Connection,
    settlements: Vec<Settlement>,
) -> Result<Vec<Together<Money>>, Error> {
    let mut users = HashSet::new();
    let asked: Vec<_> =
        settlements.iter().filter(|settlement| users.insert(settlement.payment.user)).collect();
    let tried: HashSet<_> = asked.iter().map(|settlement| settlement.payment.id).collect();
    let statement = Statement::<PayTogether>::new(values_of(&asked)?);
    let done = statement.load::<(StoredId, StoredAmount)>(&mut connection);
    let done = unless_a_rule_was_broken(committing(StoredChange::PayReservation, done).await)?;
    let done = done.unwrap_or_default().into_iter();
    let balances: HashMap<_, _> = done.map(|(id, balance)| (PaymentId(id.0), balance.0)).collect();
    let unmade = settlements.iter().filter(|settlement| !balances.contains_key(&settlement.payment.id));
    let unmade = unmade.map(|settlement| settlement.payment.reservation);
    // What was made is told whatever becomes of this question: without its answer the others are tried again.
    let unpayable = find_unpayable(&mut connection, unmade).await.unwrap_or_default();
    let outcome = |settlement: &Settlement| match balances.get(&settlement.payment.id) {
        Some(balance) => Together::Made(*balance),
        None if unpayable.contains(&StoredId(settlement.payment.reservation.0)) => Together::Overtaken,
        None if tried.contains(&settlement.payment.id) => Together::Apart,
        None => Together::Later,
    };
    Ok(settlements.iter().map(outcome).collect())
}

struct FindUnpayable;

impl SqlText for FindUnpayable {
    const SQL: &'static str = "
        SELECT wanted.id
        FROM unnest({}::uuid[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT FROM reservations
            WHERE reservations.id = wanted.id
              AND (reservations.status <> 'RESERVED' OR reservations.expires_at <= clock_timestamp())
            LIMIT 1
        ) AS reservation";
    type Columns = Id;
}

/// Which of some reservations wait for no payment any more. The others may have been passed over because they were
/// locked.
async fn find_unpayable(
    connection: &mut Connection,
    reservations: impl Iterator<Item = ReservationId>,
) -> Result<HashSet<StoredId>, Error> {
    let reservations: HashSet<_> = reservations.map(|id| StoredId(id.0)).collect();
    let reservations: Vec<_> = reservations.into_iter().collect();
    if reservations.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = Statement::<FindUnpayable>::new(values![reservations]);
    Ok(statement.load::<StoredId>(connection).await?.into_iter().collect())
}

/// Settles a hold by itself.
pub(super) async fn commit_alone(
    mut connection: Connection,
    settlement: &Settlement,
) -> Result<Commit<Money>, StorageError> {
    let values = values_of(&[settlement]).map_err(StorageError::unexpected)?;
    let statement = Statement::<PayAlone>::new(values);
    let done = statement.load::<(StoredId, StoredAmount)>(&mut connection);
    let done = committing(StoredChange::PayReservation, done).await;
    errors::commit(done.map(|rows| rows.into_iter().next().map(|(_, balance)| balance.0)))
}

fn values_of(settlements: &[&Settlement]) -> Result<Values, Error> {
    let keyed = settlements.iter().map(|settlement| settlement.keyed.as_ref());
    let (keys, fingerprints) = keys_and_fingerprints(keyed);
    let seats: Result<Vec<_>, _> =
        settlements.iter().map(|settlement| i64::try_from(settlement.seats)).collect();
    macro_rules! column {
        ($value:expr) => {
            settlements.iter().map($value).collect::<Vec<_>>()
        };
    }
    Ok(values![
        column!(|settlement| StoredId(settlement.ticket.0)),
        column!(|settlement| StoredId(settlement.payment.id.0)),
        column!(|settlement| StoredId(settlement.payment.reservation.0)),
        column!(|settlement| StoredId(settlement.payment.user.0)),
        column!(|settlement| StoredAmount(settlement.payment.amount)),
        seats.map_err(|error| Error::SerializationError(Box::new(error)))?,
        column!(|settlement| moment(settlement.payment.paid_at)),
        column!(|settlement| StoredId(settlement.entry.0)),
        keys,
        fingerprints,
    ])
}

/// A reservation, its show, and what its user's wallet held at the moment the reservation was as it is told.
type PayableRow = (ReservationRow, ScheduleRow, String, StoredAmount);

/// Loads what the decisions about payments are made from.
pub(super) async fn load(
    connection: Connection,
    asked: Vec<PaymentQuestion>,
) -> Result<Vec<Result<PaymentFacts, StorageError>>, Error> {
    let ids: Vec<_> = asked.iter().map(|(request, _)| StoredId(request.reservation.0)).collect();
    let users = asked.iter().map(|(request, _)| StoredId(request.user.0)).collect();
    let (tickets, payables, seats) = try_join3(
        find_tickets(&connection, asked.iter().map(|(request, _)| (request.user, request.ticket))),
        find_payables(&connection, users, ids.clone()),
        reserved_seats(&connection, ids),
    )
    .await?;
    let mut seats_of: HashMap<_, Vec<ReservedSeatRow>> = HashMap::new();
    for seat in seats {
        seats_of.entry(seat.reservation_id).or_default().push(seat);
    }
    let keyed = asked.iter().filter_map(|(request, key)| Some((request.user, key.as_ref()?)));
    let records = find_records(&connection, Operation::PayReservation, keyed).await?;
    let payable = |user: UserId, id: ReservationId| -> Result<Option<(Reservation, Money)>, StorageError> {
        let Some((row, schedule, concert_name, balance)) = payables.get(&(user, id)).cloned() else {
            return Ok(None);
        };
        let seats = seats_of.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        Ok(Some((reservation((row, schedule, concert_name), seats)?, balance.0)))
    };
    let facts = |(request, key): &PaymentQuestion| {
        let (reservation, balance) = payable(request.user, request.reservation)?.unzip();
        Ok(PaymentFacts {
            ticket: tickets.of(request.user, request.ticket)?,
            recorded: records.under(request.user, key.as_ref()),
            reservation,
            balance: balance.unwrap_or_default(),
        })
    };
    Ok(asked.iter().map(facts).collect())
}

struct FindPayables;

/// One question, so that a price is never compared with a balance that has paid for it.
impl SqlText for FindPayables {
    const SQL: &'static str = "
        SELECT payables.*
        FROM unnest({}::uuid[], {}::uuid[]) AS asked (reservation, user_id)
        CROSS JOIN LATERAL (
            SELECT reservations.id, reservations.user_id, reservations.schedule_id, reservations.status,
                   reservations.total_price, reservations.reserved_at, reservations.expires_at,
                   schedules.id, schedules.concert_id, schedules.starts_at, schedules.sales_open_at,
                   schedules.sales_close_at, schedules.total_seats, concerts.name, wallets.balance
            FROM reservations
            JOIN schedules ON schedules.id = reservations.schedule_id
            JOIN concerts ON concerts.id = schedules.concert_id
            JOIN wallets ON wallets.user_id = reservations.user_id
            WHERE reservations.id = asked.reservation AND reservations.user_id = asked.user_id
            LIMIT 1
        ) AS payables";
    type Columns = (
        (Id, Id, Id, Text, Amount, Moment, Moment),
        (Id, Id, Moment, Moment, Moment, SmallInt),
        Text,
        Amount,
    );
}

async fn find_payables(
    connection: &AsyncPgConnection,
    users: Vec<StoredId>,
    ids: Vec<StoredId>,
) -> Result<HashMap<(UserId, ReservationId), PayableRow>, Error> {
    let statement = Statement::<FindPayables>::new(values![ids, users]);
    let rows: Vec<PayableRow> = statement.load(&mut &*connection).await?;
    Ok(rows.into_iter().map(|row| ((row.0.user(), ReservationId(row.0.id.0)), row)).collect())
}
