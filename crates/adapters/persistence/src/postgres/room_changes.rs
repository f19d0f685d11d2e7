//! Changes of the room that are made together: one transaction under the room's lock.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    result::Error,
    sql_types::{BigInt, Nullable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{TicketId, UserId},
    storage::StorageError,
    time::Timestamp,
    waiting_room::{
        AdmissionChoice, EndReason, JoinPlan, KnownUsers, Left, Occupancy, RollCall, RoomPolicy, Sign,
        Ticket, TicketState, newcomer_present_until, newly_near_present_until,
    },
};
use futures_util::future::try_join3;

use super::{
    count, moment,
    room_lock::{LockedRoom, lock_room},
    room_notices::notify,
    row_error,
    statement::{SqlText, Statement, values},
};
use crate::{
    codes::Code,
    fail_points::{Place, StoredChange, reach},
    kept, queries,
    room_changes::{RoomChanges, RoomOutcomes},
    room_rows::{
        CandidateRow, EndColumns, PolicyColumns, RollColumns, TicketColumns, TicketRow, TurnColumns,
        candidates_for, choose,
    },
    schema::{queue_tickets, waiting_room},
    sql_types::{Id, StoredId},
};

/// The turns that have begun, or were claimed, by ticket.
type Turns = HashMap<TicketId, TicketState>;

/// Makes the changes, each kind in its order, and fills the slots that are free then.
pub(super) async fn make(
    connection: &mut AsyncPgConnection,
    changes: RoomChanges,
) -> Result<RoomOutcomes, Error> {
    let mut room = lock_room(connection).await?;
    let policies = change_policy(connection, &mut room, &changes).await?;
    if let Some(roll) = &changes.roll {
        call_roll(connection, &mut room, roll).await?;
    }
    // What is asked at once is answered in any order: none of these depends on what another of them does.
    let (ended, left, known) = try_join3(
        end_run_out_turns(connection, &room),
        leave(connection, &room, &changes.leaves),
        find_users(connection, &room, &changes),
    )
    .await?;
    let plan = JoinPlan::new(&changes.joins, known, &room.policy, count(room.last_number)?, room.now);
    let ((), (), occupancy) = try_join3(
        issue(connection, &room, &plan.issued),
        note_who_came_back(connection, &room, &plan),
        room.occupancy(connection),
    )
    .await?;
    reach(StoredChange::ChangeRoom, Place::Inside).await?;
    let callers: HashSet<TicketId> = plan.tickets().map(|ticket| ticket.id).collect();
    let mut turns = fill_free_slots(connection, &room, occupancy, &callers).await?;
    let admitted = turns.len();
    claim_found_turns(connection, &room, &plan, &mut turns).await?;
    // Whoever has joined, come or gone is seen at the next reading anyhow.
    if ended + admitted > 0 || !changes.leaves.is_empty() || !changes.policies.is_empty() {
        notify(connection).await?;
    }
    Ok(RoomOutcomes {
        policies,
        left,
        joined: plan.outcomes(&turns),
        admitted: u64::try_from(admitted).unwrap_or(u64::MAX),
    })
}

struct EndRunOutTurns;

impl SqlText for EndRunOutTurns {
    const SQL: &'static str = "
        UPDATE queue_tickets
        SET status = 'ENDED', end_reason = CASE WHEN claimed_at IS NULL THEN {} ELSE {} END, ended_at = expires_at
        WHERE status = 'ACTIVE' AND expires_at <= {}";
    type Columns = BigInt;
}

async fn end_run_out_turns(connection: &AsyncPgConnection, room: &LockedRoom) -> Result<usize, Error> {
    let [timed_out, no_show] =
        [true, false].map(|claimed| EndReason::of_run_out_turn(claimed).word().to_owned());
    Statement::<EndRunOutTurns>::new(values![no_show, timed_out, moment(room.now)])
        .execute(&mut &*connection)
        .await
}

async fn change_policy(
    connection: &AsyncPgConnection,
    room: &mut LockedRoom,
    changes: &RoomChanges,
) -> Result<Vec<RoomPolicy>, Error> {
    let policies = changes.policies_after(room.policy);
    if let Some(last) = policies.last() {
        room.policy = *last;
        let columns = PolicyColumns::try_from(last).map_err(row_error)?;
        kept::update(waiting_room::table).set(columns).execute(&mut &*connection).await?;
    }
    Ok(policies)
}

async fn leave(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    tickets: &[TicketId],
) -> Result<Vec<Left>, Error> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = tickets.iter().map(|ticket| StoredId(ticket.0)).collect();
    let now = moment(room.now);
    let ended = diesel::update(queries::tickets_live_at(now).filter(queue_tickets::id.eq_any(ids)))
        .set(EndColumns::of(EndReason::Left, now))
        .returning(queue_tickets::id);
    let mut ended: HashSet<StoredId> = ended.load(&mut &*connection).await?.into_iter().collect();
    // Whoever leaves twice at once has left once.
    let outcome =
        |ticket: &TicketId| if ended.remove(&StoredId(ticket.0)) { Left::Done } else { Left::NotLive };
    Ok(tickets.iter().map(outcome).collect())
}

struct NoteSigns;

/// Whoever was passed over and is there comes first again. A sign that is too old brings nobody back.
impl SqlText for NoteSigns {
    const SQL: &'static str = "
        UPDATE queue_tickets
        SET present_until = greatest(queue_tickets.present_until, signs.present_until), passed_over = false
        FROM unnest({}::bigint[], {}::timestamptz[]) AS signs (number, present_until)
        WHERE queue_tickets.number = signs.number AND queue_tickets.status = 'WAITING'
          AND signs.present_until > {}
          AND (queue_tickets.present_until < signs.present_until OR queue_tickets.passed_over)";
    type Columns = BigInt;
}

async fn note_signs(
    connection: &AsyncPgConnection,
    signs: impl IntoIterator<Item = Sign>,
    now: Timestamp,
) -> Result<(), Error> {
    let signs = signs.into_iter().map(|sign| (i64::try_from(sign.number), moment(sign.present_until)));
    let (numbers, until): (Vec<_>, Vec<_>) =
        signs.filter_map(|(number, until)| number.ok().map(|number| (number, until))).unzip();
    if numbers.is_empty() {
        return Ok(());
    }
    Statement::<NoteSigns>::new(values![numbers, until, moment(now)])
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

async fn call_roll(
    connection: &AsyncPgConnection,
    room: &mut LockedRoom,
    call: &RollCall,
) -> Result<(), Error> {
    let (roll, newly_near) = room.roll.called(call.near_up_to, count(room.last_number)?, room.now);
    room.roll = roll;
    let until = moment(newly_near_present_until(room.now));
    let [first, last] =
        [newly_near.start(), newly_near.end()].map(|number| i64::try_from(*number).unwrap_or(i64::MAX));
    let newly_near = queries::waiting_and_there()
        .filter(queue_tickets::number.ge(first))
        .filter(queue_tickets::number.le(last))
        .filter(queue_tickets::present_until.lt(until));
    kept::update(newly_near).set(queue_tickets::present_until.eq(until)).execute(&mut &*connection).await?;
    note_signs(connection, call.signs.iter().copied(), room.now).await?;
    let columns = RollColumns::try_from(&room.roll).map_err(row_error)?;
    kept::update(waiting_room::table).set(columns).execute(&mut &*connection).await.map(|_| ())
}

/// Who joins again is there.
async fn note_who_came_back(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    plan: &JoinPlan,
) -> Result<(), Error> {
    let present_until = newcomer_present_until(room.now);
    let back = plan.found().iter().filter(|ticket| ticket.state == TicketState::Waiting);
    let signs = back.map(|ticket| Sign { number: ticket.number, present_until });
    note_signs(connection, signs, room.now).await
}

struct FindNewcomers;

/// Those users that exist, each with the ticket that is live.
impl SqlText for FindNewcomers {
    const SQL: &'static str = "
        SELECT found.id, tickets.id, tickets.user_id, tickets.number, tickets.status, tickets.end_reason,
               tickets.issued_at, tickets.passed_over, tickets.admitted_at, tickets.claimed_at, tickets.expires_at
        FROM unnest({}::uuid[]) AS asked (id)
        CROSS JOIN LATERAL (SELECT users.id FROM users WHERE users.id = asked.id LIMIT 1) AS found
        LEFT JOIN LATERAL (
            SELECT * FROM queue_tickets
            WHERE queue_tickets.user_id = found.id AND queue_tickets.status <> 'ENDED'
              AND (queue_tickets.status = 'WAITING' OR queue_tickets.expires_at > {})
            LIMIT 1
        ) AS tickets ON true";
    type Columns = (Id, Nullable<TicketColumns>);
}

/// Those who join, and the tickets they have that are live and that nobody leaves with just now.
async fn find_users(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    changes: &RoomChanges,
) -> Result<KnownUsers, Error> {
    if changes.joins.is_empty() {
        return Ok(KnownUsers::default());
    }
    let asked: Vec<_> = changes.joins.iter().map(|newcomer| StoredId(newcomer.user.0)).collect();
    let statement = Statement::<FindNewcomers>::new(values![asked, moment(room.now)]);
    let rows: Vec<(StoredId, Option<TicketRow>)> = statement.load(&mut &*connection).await?;
    let mut known = KnownUsers::new();
    for (user, row) in rows {
        let live = row.map(Ticket::try_from).transpose().map_err(row_error)?;
        known.insert(UserId(user.0), live.filter(|ticket| !changes.leaves.contains(&ticket.id)));
    }
    Ok(known)
}

struct Issue;

impl SqlText for Issue {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {}::uuid[] AS ids, {}::uuid[] AS users, {}::bigint[] AS numbers, {} AS issued_at,
                   {} AS present_until
        ),
        counted AS (
            UPDATE waiting_room SET last_number = asked.numbers[cardinality(asked.numbers)] FROM asked
        )
        INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
        SELECT issued.id, issued.user_id, issued.number, 'WAITING', asked.issued_at, asked.present_until
        FROM asked, unnest(asked.ids, asked.users, asked.numbers) AS issued (id, user_id, number)";
    type Columns = BigInt;
}

async fn issue(connection: &AsyncPgConnection, room: &LockedRoom, tickets: &[Ticket]) -> Result<(), Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = tickets.iter().map(|ticket| StoredId(ticket.id.0)).collect();
    let users: Vec<_> = tickets.iter().map(|ticket| StoredId(ticket.user.0)).collect();
    let numbers = tickets.iter().map(|ticket| i64::try_from(ticket.number));
    let numbers: Vec<_> =
        numbers.collect::<Result<_, _>>().map_err(|error| row_error(StorageError::unexpected(error)))?;
    let present_until = moment(newcomer_present_until(room.now));
    Statement::<Issue>::new(values![ids, users, numbers, moment(room.now), present_until])
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

/// Admits as many of those who wait and are there, first come first, as the policy allows. Whoever is a caller
/// of this very transaction is there, and claims the turn with it.
async fn fill_free_slots(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    occupancy: Occupancy,
    callers: &HashSet<TicketId>,
) -> Result<Turns, Error> {
    let mut turns = Turns::new();
    let mut admissible = room.policy.admissible(occupancy);
    let mut gone = 0;
    while admissible > 0 {
        let candidates: Vec<CandidateRow> = queries::candidates(candidates_for(admissible, gone))
            .select(CandidateRow::as_select())
            .load(&mut &*connection)
            .await?;
        if candidates.is_empty() {
            break;
        }
        let AdmissionChoice { admitted, passed_over } =
            choose(candidates, admissible, &room.roll, room.now).map_err(row_error)?;
        gone += passed_over.len();
        pass_over(connection, &passed_over).await?;
        admissible = admissible.saturating_sub(u64::try_from(admitted.len()).unwrap_or(u64::MAX));
        let (claiming, others): (Vec<_>, Vec<_>) =
            admitted.into_iter().partition(|ticket| callers.contains(ticket));
        begin_turns(connection, room, claiming, true, &mut turns).await?;
        begin_turns(connection, room, others, false, &mut turns).await?;
    }
    Ok(turns)
}

async fn pass_over(connection: &AsyncPgConnection, gone: &[TicketId]) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let gone: Vec<_> = gone.iter().map(|ticket| StoredId(ticket.0)).collect();
    kept::update(queue_tickets::table.filter(queue_tickets::id.eq_any(gone)))
        .set(queue_tickets::passed_over.eq(true))
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

async fn begin_turns(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    tickets: Vec<TicketId>,
    claimed: bool,
    turns: &mut Turns,
) -> Result<(), Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let (columns, turn) = TurnColumns::beginning(&room.policy, claimed, moment(room.now));
    turns.extend(tickets.iter().map(|ticket| (*ticket, turn)));
    let ids: Vec<_> = tickets.iter().map(|ticket| StoredId(ticket.0)).collect();
    kept::update(queue_tickets::table.filter(queue_tickets::id.eq_any(ids)))
        .set(columns)
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

/// Whoever joins again and finds that the turn has come for it. Claims and payments do not wait for the room's
/// lock: only what is still unclaimed then is claimed here.
async fn claim_found_turns(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    plan: &JoinPlan,
    turns: &mut Turns,
) -> Result<(), Error> {
    let ids: Vec<_> = plan
        .found()
        .iter()
        .filter(|ticket| ticket.is_unclaimed())
        .map(|ticket| StoredId(ticket.id.0))
        .collect();
    let turn = room.policy.turn(true, room.now);
    let TicketState::Active { expires_at, .. } = turn else { return Ok(()) };
    if ids.is_empty() {
        return Ok(());
    }
    let unclaimed = queries::turns_live_at(moment(room.now))
        .filter(queue_tickets::claimed_at.is_null())
        .filter(queue_tickets::id.eq_any(ids));
    let claimed: Vec<StoredId> = diesel::update(unclaimed)
        .set((
            queue_tickets::claimed_at.eq(Some(moment(room.now))),
            queue_tickets::expires_at.eq(Some(moment(expires_at))),
        ))
        .returning(queue_tickets::id)
        .load(&mut &*connection)
        .await?;
    turns.extend(claimed.into_iter().map(|id| (TicketId(id.0), turn)));
    Ok(())
}
