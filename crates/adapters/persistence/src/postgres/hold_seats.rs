//! Holds that are decided and made together.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    catalog::{Seat, SeatNumber},
    commit::Commit,
    idempotency::Operation,
    ids::{ReservationId, ScheduleId, UserId},
    reservation::{HoldFacts, Reservation, SeatsHeld},
    storage::StorageError,
    waiting_room::Ticket,
};
use futures_util::future::try_join3;

use super::{
    committing, committing_row, errors,
    idempotency::{find_records, keys_and_fingerprints},
    lending::Connection,
    moment,
    statement::{SqlText, Statement, Value, values},
    together::{Together, unless_a_rule_was_broken},
    waiting_room::TicketColumns,
};
use crate::{
    fail_points::StoredChange,
    queries,
    questions::HoldQuestion,
    room_rows::TicketRow,
    rows::{ScheduleRow, SeatRow, holds_so_far},
    schema::concerts,
    sql_types::{Amount, Id, Moment, StoredAmount, StoredId},
};

/// One row for each wanted seat. The seats are locked in their order, if they are free by then, and after them the
/// tickets; `guarded` has the seats of those holds of which all seats were free at the price they were decided for,
/// whose turn it is, whose schedule is on sale, and whose user has made no other hold of it in between. Only for
/// those is anything written. `turn`, `due` and `counted` have one row a hold, and a user has one hold in it: the clock
/// goes on from row to row, and what it decides must be the same for all seats. What was done under the same key already is not done again; only
/// where that is being done just now, the key's own index decides, and then for all of the statement.
macro_rules! hold_seats {
    ($locked:literal) => {
        concat!(
            "
        WITH asked AS MATERIALIZED (
            SELECT *
            FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::uuid[], {}::smallint[], {}::bigint[], {}::numeric[],
                        {}::timestamptz[], {}::timestamptz[], {}::bigint[], {}::text[], {}::text[])
                AS asked (ticket, reservation, user_id, schedule_id, seat_number, seats, total_price,
                          reserved_at, expires_at, holds_made, key, fingerprint)
        ),
        free AS MATERIALIZED (
            SELECT asked.*, seats.seat_name, seats.grade, seats.price
            FROM asked JOIN seats USING (schedule_id, seat_number)
            WHERE NOT seats.sold AND (seats.held_until IS NULL OR seats.held_until <= clock_timestamp())
            ORDER BY asked.schedule_id, asked.seat_number
            FOR NO KEY UPDATE OF seats",
            $locked,
            "
        ),
        found AS MATERIALIZED (
            SELECT free.*, count(*) OVER own AS seats_found, sum(price) OVER own AS price_found,
                   row_number() OVER own = 1 AS is_first
            FROM free WINDOW own AS (PARTITION BY reservation)
        ),
        turn AS MATERIALIZED (
            SELECT found.reservation, found.user_id, found.schedule_id, found.holds_made,
                   queue_tickets.expires_at AS turn_expires_at
            FROM found JOIN queue_tickets ON queue_tickets.id = found.ticket
            WHERE (SELECT true FROM idempotency_records AS done
                   WHERE done.user_id = found.user_id AND done.operation = 'HOLD_SEATS' AND done.key = found.key)
                  IS NULL
              AND found.is_first AND found.seats_found = found.seats AND found.price_found = found.total_price
              AND queue_tickets.user_id = found.user_id
              AND queue_tickets.status = 'ACTIVE' AND queue_tickets.expires_at > clock_timestamp()
            FOR SHARE OF queue_tickets",
            $locked,
            "
        ),
        due AS MATERIALIZED (
            SELECT * FROM turn
            WHERE turn_expires_at > clock_timestamp()
              AND (SELECT sales_open_at <= clock_timestamp() AND sales_close_at > clock_timestamp()
                   FROM schedules WHERE id = turn.schedule_id)
        ),
        counted AS (
            INSERT INTO hold_counts (user_id, schedule_id, holds_made)
            SELECT user_id, schedule_id, holds_made + 1 FROM due ORDER BY user_id, schedule_id
            ON CONFLICT (user_id, schedule_id) DO UPDATE SET holds_made = EXCLUDED.holds_made
            WHERE hold_counts.holds_made = EXCLUDED.holds_made - 1
            RETURNING user_id, schedule_id
        ),
        guarded AS MATERIALIZED (
            SELECT * FROM found
            WHERE CASE WHEN (user_id, schedule_id) IN (SELECT user_id, schedule_id FROM counted) THEN true END
        ),
        reserved AS (
            INSERT INTO reservations (id, user_id, schedule_id, status, total_price, reserved_at, expires_at)
            SELECT reservation, user_id, schedule_id, 'RESERVED', total_price, reserved_at, expires_at
            FROM guarded WHERE is_first
        ),
        reserved_seat AS (
            INSERT INTO reserved_seats (reservation_id, seat_number, schedule_id, seat_name, grade, price)
            SELECT reservation, seat_number, schedule_id, seat_name, grade, price FROM guarded
        ),
        held AS (
            UPDATE seats SET reservation_id = guarded.reservation, held_until = guarded.expires_at
            FROM guarded
            WHERE seats.schedule_id = guarded.schedule_id AND seats.seat_number = guarded.seat_number
        ),
        recorded AS (
            INSERT INTO idempotency_records (user_id, operation, key, fingerprint, result, recorded_at)
            SELECT user_id, 'HOLD_SEATS', key, fingerprint, reservation, clock_timestamp()
            FROM guarded WHERE is_first AND key IS NOT NULL ORDER BY user_id, key
        )
        SELECT reservation FROM guarded WHERE is_first"
        )
    };
}

struct HoldTogether;

impl SqlText for HoldTogether {
    const SQL: &'static str = hold_seats!(" SKIP LOCKED");
    type Columns = Id;
}

struct HoldAlone;

impl SqlText for HoldAlone {
    const SQL: &'static str = hold_seats!("");
    type Columns = Id;
}

/// Makes those holds that do not stand against each other, and tells which were made.
pub(super) async fn commit(
    mut connection: Connection,
    holds: Vec<SeatsHeld>,
) -> Result<Vec<Together<()>>, Error> {
    let chosen = Chosen::of(&holds);
    let asked: Vec<_> = holds.iter().filter(|held| chosen.contains(&held.reservation)).collect();
    let statement = Statement::<HoldTogether>::new(values_of(&asked));
    let done = committing(StoredChange::HoldSeats, statement.load::<StoredId>(&mut connection)).await;
    let done = unless_a_rule_was_broken(done)?.unwrap_or_default();
    let made: HashSet<_> = done.into_iter().map(|id| ReservationId(id.0)).collect();
    Ok(holds.iter().map(|held| chosen.outcome(&held.reservation, &made)).collect())
}

/// Makes a hold by itself.
pub(super) async fn commit_alone(
    mut connection: Connection,
    held: &SeatsHeld,
) -> Result<Commit<()>, StorageError> {
    let statement = Statement::<HoldAlone>::new(values_of(&[held]));
    let done = committing_row(StoredChange::HoldSeats, statement.load::<StoredId>(&mut connection)).await;
    errors::commit(done.map(|done| done.map(|_| ())))
}

/// The holds that one statement is asked for: the first for each seat, and the first of each user.
struct Chosen {
    takers: HashMap<(ScheduleId, SeatNumber), ReservationId>,
    reservations: HashSet<ReservationId>,
}

impl Chosen {
    fn of(holds: &[SeatsHeld]) -> Self {
        let (mut takers, mut reservations) = (HashMap::new(), HashSet::new());
        let mut users: HashSet<UserId> = HashSet::new();
        for SeatsHeld { reservation, .. } in holds {
            if seats(reservation).any(|seat| takers.contains_key(&seat)) || !users.insert(reservation.user) {
                continue;
            }
            takers.extend(seats(reservation).map(|seat| (seat, reservation.id)));
            reservations.insert(reservation.id);
        }
        Self { takers, reservations }
    }

    fn contains(&self, reservation: &Reservation) -> bool {
        self.reservations.contains(&reservation.id)
    }

    fn outcome(&self, reservation: &Reservation, made: &HashSet<ReservationId>) -> Together<()> {
        if made.contains(&reservation.id) {
            return Together::Made(());
        }
        if self.contains(reservation) {
            return Together::Apart;
        }
        let is_taken = |seat| self.takers.get(&seat).is_some_and(|taker| made.contains(taker));
        if seats(reservation).any(is_taken) { Together::Overtaken } else { Together::Later }
    }
}

fn seats(reservation: &Reservation) -> impl Iterator<Item = (ScheduleId, SeatNumber)> + '_ {
    reservation.seats.iter().map(|seat| (reservation.show.schedule, seat.number))
}

fn values_of(holds: &[&SeatsHeld]) -> Vec<Box<dyn Value>> {
    let wanted: Vec<_> = holds
        .iter()
        .flat_map(|held| held.reservation.seats.iter().map(move |seat| (*held, &held.reservation, seat)))
        .collect();
    let (keys, fingerprints) = keys_and_fingerprints(wanted.iter().map(|(held, ..)| held.keyed.as_ref()));
    macro_rules! column {
        ($value:expr) => {
            wanted.iter().map($value).collect::<Vec<_>>()
        };
    }
    values![
        column!(|(held, ..)| StoredId(held.ticket.0)),
        column!(|(_, reservation, _)| StoredId(reservation.id.0)),
        column!(|(_, reservation, _)| StoredId(reservation.user.0)),
        column!(|(_, reservation, _)| StoredId(reservation.show.schedule.0)),
        column!(|(.., seat)| i16::from(seat.number.get())),
        column!(|(_, reservation, _)| i64::try_from(reservation.seats.len()).unwrap_or(i64::MAX)),
        column!(|(_, reservation, _)| StoredAmount(reservation.total_price)),
        column!(|(_, reservation, _)| moment(reservation.reserved_at)),
        column!(|(_, reservation, _)| moment(reservation.expires_at)),
        column!(|(held, ..)| held.holds_made),
        keys,
        fingerprints,
    ]
}

/// Loads what the decisions about holds are made from. The keys are asked for last: see [`find_records`].
pub(super) async fn load(
    connection: Connection,
    asked: Vec<HoldQuestion>,
) -> Result<Vec<Result<HoldFacts, StorageError>>, Error> {
    let schedules = asked.iter().map(|(request, ..)| StoredId(request.schedule.0));
    let schedules: Vec<_> = schedules.collect::<BTreeSet<_>>().into_iter().collect();
    let (callers, shows, seats) = try_join3(
        find_callers(&connection, &asked),
        find_shows(&connection, schedules),
        find_seats(&connection, &asked),
    )
    .await?;
    let keyed = asked.iter().filter_map(|(request, key, _)| Some((request.user, key.as_ref()?)));
    let records = find_records(&connection, Operation::HoldSeats, keyed).await?;
    let facts = |((request, key, _), (ticket, seats_held, holds_made)): (&HoldQuestion, Caller)| {
        let wanted =
            request.seats.numbers().iter().filter_map(|number| seats.get(&(request.schedule, *number)));
        let show = shows.get(&request.schedule);
        Ok(HoldFacts {
            ticket: ticket.map(Ticket::try_from).transpose()?,
            recorded: records.under(request.user, key.as_ref()),
            show: show.map(|(row, name)| row.show(name).map(|show| (show, row.sales()))).transpose()?,
            seats: wanted.cloned().map(Seat::try_from).collect::<Result<_, _>>()?,
            holds: holds_so_far((seats_held, holds_made))?,
        })
    };
    Ok(asked.iter().zip(callers).map(facts).collect())
}

async fn find_shows(
    connection: &AsyncPgConnection,
    schedules: Vec<StoredId>,
) -> Result<HashMap<ScheduleId, (ScheduleRow, String)>, Error> {
    let rows: Vec<(ScheduleRow, String)> = queries::schedules_with_concerts(schedules)
        .select((ScheduleRow::as_select(), concerts::name))
        .load(&mut &*connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.0.schedule(), row)).collect())
}

struct FindSeats;

impl SqlText for FindSeats {
    const SQL: &'static str = "
        SELECT schedule_id, seat_number, id, seat_name, grade, price, reservation_id, held_until, sold
        FROM unnest({}::uuid[], {}::smallint[]) AS wanted (schedule_id, seat_number)
        JOIN seats USING (schedule_id, seat_number)";
    type Columns = (Id, SmallInt, Id, Text, Text, Amount, Nullable<Id>, Nullable<Moment>, Bool);
}

async fn find_seats(
    connection: &AsyncPgConnection,
    asked: &[HoldQuestion],
) -> Result<HashMap<(ScheduleId, SeatNumber), SeatRow>, Error> {
    let wanted = asked.iter().flat_map(|(request, ..)| {
        request.seats.numbers().iter().map(|number| (StoredId(request.schedule.0), i16::from(number.get())))
    });
    let (schedules, numbers): (Vec<_>, Vec<_>) = wanted.collect::<BTreeSet<_>>().into_iter().unzip();
    let rows = Statement::<FindSeats>::new(values![schedules, numbers]).load::<SeatRow>(&mut &*connection);
    let rows = rows.await?.into_iter();
    Ok(rows.filter_map(|row| Some(((row.schedule(), row.number()?), row))).collect())
}

struct FindCallers;

/// A caller's ticket; how many unpaid seats of the schedule the caller holds, and how many holds of it the caller ever
/// made: one question, because the one number is only worth something as of the other. Who never made one holds nothing.
impl SqlText for FindCallers {
    const SQL: &'static str = "
        SELECT tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason, tickets.issued_at,
               tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at,
               CASE WHEN hold_counts.holds_made IS NOT NULL THEN
                   (SELECT count(*)
                    FROM seats JOIN reservations ON reservations.id = seats.reservation_id
                    WHERE seats.schedule_id = asked.schedule_id AND NOT seats.sold AND seats.held_until > asked.at
                      AND reservations.user_id = asked.user_id)
               END,
               hold_counts.holds_made
        FROM unnest({}::uuid[], {}::uuid[], {}::uuid[], {}::timestamptz[]) WITH ORDINALITY
             AS asked (ticket, user_id, schedule_id, at, place)
        LEFT JOIN queue_tickets AS tickets ON tickets.id = asked.ticket AND tickets.user_id = asked.user_id
        LEFT JOIN hold_counts ON hold_counts.user_id = asked.user_id AND hold_counts.schedule_id = asked.schedule_id
        ORDER BY asked.place";
    type Columns = (Nullable<TicketColumns>, Nullable<BigInt>, Nullable<BigInt>);
}

/// A ticket, unpaid seats, and holds ever made.
type Caller = (Option<TicketRow>, Option<i64>, Option<i64>);

async fn find_callers(connection: &AsyncPgConnection, asked: &[HoldQuestion]) -> Result<Vec<Caller>, Error> {
    let tickets: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.ticket.0)).collect();
    let users: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.user.0)).collect();
    let schedules: Vec<_> = asked.iter().map(|(request, ..)| StoredId(request.schedule.0)).collect();
    let instants: Vec<_> = asked.iter().map(|(.., now)| moment(*now)).collect();
    Statement::<FindCallers>::new(values![tickets, users, schedules, instants]).load(&mut &*connection).await
}
