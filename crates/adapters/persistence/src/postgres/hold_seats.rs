//! Holds that are made together. What they are decided from: [`super::hold_facts`].

use std::collections::HashSet;

use diesel::{result::Error, sql_types::SmallInt};
use diesel_async::RunQueryDsl;
use domain::{
    catalog::SeatNumber,
    commit::Commit,
    ids::{ReservationId, ScheduleId, UserId},
    reservation::{Reservation, SeatsHeld},
    storage::StorageError,
};

use super::{
    committing, committing_row, errors,
    idempotency::keys_and_fingerprints,
    lending::Connection,
    moment,
    statement::{SqlText, Statement, Values, values},
    together::{Together, unless_a_rule_was_broken},
};
use crate::{
    fail_points::StoredChange,
    sql_types::{Id, StoredAmount, StoredId},
};

/// One row for each wanted seat. The seats are locked in their order, if they are free by then, so that whoever wants a
/// seat that is taken locks nothing, and after them the tickets; `guarded` has the seats of those holds of which all
/// seats were free at the price they were decided for, whose turn it is, whose schedule is on sale, and whose user has
/// made no other hold of it in between. Only for those is anything written.
///
/// `turn`, `due` and `counted` have one row a hold, and a user has one hold in it: the clock goes on from row to row,
/// and what it decides must be the same for all seats. What was done under the same key already is not done again; only
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
            SELECT wanted.*, seat.*
            FROM (SELECT * FROM asked ORDER BY schedule_id, seat_number) AS wanted
            CROSS JOIN LATERAL (
                SELECT seat_name, grade, price FROM seats
                WHERE schedule_id = wanted.schedule_id AND seat_number = wanted.seat_number
                  AND NOT sold AND (held_until IS NULL OR held_until <= clock_timestamp())
                LIMIT 1 FOR NO KEY UPDATE",
            $locked,
            "
            ) AS seat
        ),
        found AS MATERIALIZED (
            SELECT free.*, count(*) OVER own AS seats_found, sum(price) OVER own AS price_found,
                   row_number() OVER own = 1 AS is_first
            FROM free WINDOW own AS (PARTITION BY reservation)
        ),
        turn AS MATERIALIZED (
            SELECT found.reservation, found.user_id, found.schedule_id, found.holds_made,
                   ticket.expires_at AS turn_expires_at
            FROM found
            CROSS JOIN LATERAL (
                SELECT user_id, status, expires_at FROM queue_tickets WHERE id = found.ticket LIMIT 1 FOR SHARE",
            $locked,
            "
            ) AS ticket
            WHERE (SELECT true FROM idempotency_records AS done
                   WHERE done.user_id = found.user_id AND done.operation = 'HOLD_SEATS' AND done.key = found.key)
                  IS NULL
              AND found.is_first AND found.seats_found = found.seats AND found.price_found = found.total_price
              AND ticket.user_id = found.user_id
              AND ticket.status = 'ACTIVE' AND ticket.expires_at > clock_timestamp()
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

/// Tries those holds that do not stand against each other, and tells of all what became of them.
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
    let unmade =
        holds.iter().map(|held| &held.reservation).filter(|reservation| !made.contains(&reservation.id));
    // What was made is told whatever becomes of this question: without its answer the others are tried again.
    let taken = find_taken(&mut connection, unmade.flat_map(seats)).await.unwrap_or_default();
    Ok(holds.iter().map(|held| chosen.outcome(&held.reservation, &made, &taken)).collect())
}

struct FindTaken;

impl SqlText for FindTaken {
    const SQL: &'static str = "
        SELECT schedule_id, seat_number
        FROM unnest({}::uuid[], {}::smallint[]) AS wanted (schedule_id, seat_number)
        CROSS JOIN LATERAL (
            SELECT FROM seats
            WHERE seats.schedule_id = wanted.schedule_id AND seats.seat_number = wanted.seat_number
              AND (seats.sold OR seats.held_until > clock_timestamp())
            LIMIT 1
        ) AS taken";
    type Columns = (Id, SmallInt);
}

/// Which of some seats somebody has. The others may have been passed over because they were locked.
async fn find_taken(
    connection: &mut Connection,
    seats: impl Iterator<Item = (ScheduleId, SeatNumber)>,
) -> Result<HashSet<(StoredId, i16)>, Error> {
    let (schedules, numbers): (Vec<_>, Vec<_>) =
        seats.map(stored).collect::<HashSet<_>>().into_iter().unzip();
    if numbers.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = Statement::<FindTaken>::new(values![schedules, numbers]);
    Ok(statement.load::<(StoredId, i16)>(connection).await?.into_iter().collect())
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
struct Chosen(HashSet<ReservationId>);

impl Chosen {
    fn of(holds: &[SeatsHeld]) -> Self {
        let (mut wanted, mut chosen) = (HashSet::new(), HashSet::new());
        let mut users: HashSet<UserId> = HashSet::new();
        for SeatsHeld { reservation, .. } in holds {
            if seats(reservation).any(|seat| wanted.contains(&seat)) || !users.insert(reservation.user) {
                continue;
            }
            wanted.extend(seats(reservation));
            chosen.insert(reservation.id);
        }
        Self(chosen)
    }

    fn contains(&self, reservation: &Reservation) -> bool {
        self.0.contains(&reservation.id)
    }

    fn outcome(
        &self,
        reservation: &Reservation,
        made: &HashSet<ReservationId>,
        taken: &HashSet<(StoredId, i16)>,
    ) -> Together<()> {
        if made.contains(&reservation.id) {
            return Together::Made(());
        }
        if seats(reservation).any(|seat| taken.contains(&stored(seat))) {
            return Together::Overtaken;
        }
        if self.contains(reservation) { Together::Apart } else { Together::Later }
    }
}

fn stored((schedule, number): (ScheduleId, SeatNumber)) -> (StoredId, i16) {
    (StoredId(schedule.0), number.get().into())
}

fn seats(reservation: &Reservation) -> impl Iterator<Item = (ScheduleId, SeatNumber)> + '_ {
    reservation.seats.iter().map(|seat| (reservation.show.schedule, seat.number))
}

fn values_of(holds: &[&SeatsHeld]) -> Values {
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

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use domain::{
        ids::{ConcertId, TicketId},
        money::Money,
        reservation::{ReservationStatus, ReservedSeat, Show},
        text::Name,
    };
    use uuid::Uuid;

    use super::*;

    const SCHEDULE: ScheduleId = ScheduleId(Uuid::from_u128(3));

    fn hold(id: u128, user: u128, numbers: &[i64]) -> SeatsHeld {
        let name = || Name::new("Winterreise").unwrap();
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let seat = |number: &i64| {
            let number = SeatNumber::new(*number).unwrap();
            ReservedSeat { number, name: number.seat_name(), grade: name(), price: Money::from_units(1) }
        };
        let show = Show {
            concert: ConcertId(Uuid::from_u128(4)),
            concert_name: name(),
            schedule: SCHEDULE,
            starts_at: at,
        };
        let reservation = Reservation {
            id: ReservationId(Uuid::from_u128(id)),
            user: UserId(Uuid::from_u128(user)),
            show,
            seats: numbers.iter().map(seat).collect(),
            total_price: Money::from_units(1),
            status: ReservationStatus::Reserved,
            reserved_at: at,
            expires_at: at,
        };
        let ticket = TicketId(Uuid::from_u128(user));
        SeatsHeld { ticket, reservation, holds_made: 0, keyed: None }
    }

    /// What becomes of holds of which these were made, once these seats are somebody's.
    fn outcomes(holds: &[SeatsHeld], made: &[u128], taken: &[i16]) -> Vec<Together<()>> {
        let chosen = Chosen::of(holds);
        let made = made.iter().map(|id| ReservationId(Uuid::from_u128(*id))).collect();
        let taken = taken.iter().map(|number| (StoredId(SCHEDULE.0), *number)).collect();
        holds.iter().map(|held| chosen.outcome(&held.reservation, &made, &taken)).collect()
    }

    #[test]
    fn whoever_wants_a_seat_that_is_gone_is_told_so_whether_or_not_it_was_tried() {
        let holds = [hold(1, 1, &[7]), hold(2, 2, &[7]), hold(3, 3, &[7, 8])];
        let all = [Together::Made(()), Together::Overtaken, Together::Overtaken];
        assert_eq!(outcomes(&holds, &[1], &[7]), all, "another of them has it");
        assert_eq!(outcomes(&holds, &[], &[7]), vec![Together::Overtaken; 3], "somebody else has it");
    }

    #[test]
    fn who_was_tried_in_vain_is_tried_alone_and_who_stood_back_is_tried_later() {
        let holds = [hold(1, 1, &[7]), hold(2, 2, &[7]), hold(3, 1, &[8]), hold(4, 4, &[9])];
        let expected = [Together::Apart, Together::Later, Together::Later, Together::Made(())];
        assert_eq!(outcomes(&holds, &[4], &[9]), expected, "seat 7 is locked, and user 1 asks twice");
    }
}
