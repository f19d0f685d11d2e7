//! Changes of the room that are made together: one transaction under the room's lock.

use std::collections::{HashMap, HashSet};

use diesel::{dsl::case_when, prelude::*, result::Error, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::{
    ids::{TicketId, UserId},
    waiting_room::{
        EndReason, Left, PolicyChange, RollCall, Sign, Ticket, TicketState, newcomer_present_until,
        newly_near_present_until,
    },
};
use futures_util::future::try_join;

use super::{
    count, moment,
    room_lock::{LockedRoom, lock_room},
    room_notices::notify,
    row_error,
    statement::{SqlText, Statement, values},
};
use crate::{
    codes::{Code, TicketStatus},
    queries,
    room_plan::{JoinPlan, KnownUsers, RoomChanges, RoomOutcomes},
    room_rows::{CandidateRow, EndColumns, PolicyColumns, RollColumns, TicketRow, TurnColumns},
    schema::{queue_tickets, users, waiting_room},
    sql_types::StoredId,
};

/// Candidates that are looked at together when slots are filled.
const CANDIDATES_AT_ONCE: u64 = 1_000;

/// The turns that have begun, or were claimed, by ticket.
type Turns = HashMap<TicketId, TicketState>;

/// Makes the changes, each kind in its order, and fills the slots that are free then.
pub(super) async fn make(
    connection: &mut AsyncPgConnection,
    changes: RoomChanges,
) -> Result<RoomOutcomes, Error> {
    let mut room = lock_room(connection).await?;
    let ended = end_run_out_turns(connection, &room).await?;
    let policies = change_policy(connection, &mut room, &changes.policies).await?;
    let left = leave(connection, &room, &changes.leaves).await?;
    if let Some(roll) = &changes.roll {
        call_roll(connection, &mut room, roll).await?;
    }
    let plan = join(connection, &room, &changes).await?;
    let callers: HashSet<TicketId> = plan.tickets().map(|ticket| ticket.id).collect();
    let mut turns = fill_free_slots(connection, &room, &callers).await?;
    let admitted = turns.len();
    claim_found_turns(connection, &room, &plan, &mut turns).await?;
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

async fn end_run_out_turns(connection: &AsyncPgConnection, room: &LockedRoom) -> Result<usize, Error> {
    let [timed_out, no_show] = [true, false].map(|claimed| Some(EndReason::of_run_out_turn(claimed).word()));
    diesel::update(queries::turns_run_out_at(moment(room.now)))
        .set((
            queue_tickets::status.eq(TicketStatus::Ended.word()),
            queue_tickets::end_reason
                .eq(case_when(queue_tickets::claimed_at.is_null(), no_show).otherwise(timed_out)),
            queue_tickets::ended_at.eq(queue_tickets::expires_at),
        ))
        .execute(&mut &*connection)
        .await
}

async fn change_policy(
    connection: &AsyncPgConnection,
    room: &mut LockedRoom,
    changes: &[PolicyChange],
) -> Result<Vec<domain::waiting_room::RoomPolicy>, Error> {
    let mut policies = Vec::with_capacity(changes.len());
    for change in changes {
        room.policy = change.apply_to(room.policy);
        policies.push(room.policy);
    }
    if !changes.is_empty() {
        let columns = PolicyColumns::try_from(&room.policy).map_err(row_error)?;
        diesel::update(waiting_room::table).set(columns).execute(&mut &*connection).await?;
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
    let ended = diesel::update(queries::live_tickets().filter(queue_tickets::id.eq_any(ids)))
        .set(EndColumns::of(EndReason::Left, moment(room.now)))
        .returning(queue_tickets::id);
    let mut ended: HashSet<StoredId> = ended.load(&mut &*connection).await?.into_iter().collect();
    // Whoever leaves twice at once has left once.
    let outcome =
        |ticket: &TicketId| if ended.remove(&StoredId(ticket.0)) { Left::Done } else { Left::NotLive };
    Ok(tickets.iter().map(outcome).collect())
}

struct NoteSigns;

/// Whoever was passed over and is there comes first again.
impl SqlText for NoteSigns {
    const SQL: &'static str = "
        UPDATE queue_tickets
        SET present_until = greatest(queue_tickets.present_until, signs.present_until), passed_over = false
        FROM unnest({}::bigint[], {}::timestamptz[]) AS signs (number, present_until)
        WHERE queue_tickets.number = signs.number AND queue_tickets.status = 'WAITING'";
    type Columns = BigInt;
}

async fn note_signs(
    connection: &AsyncPgConnection,
    signs: impl IntoIterator<Item = Sign>,
) -> Result<(), Error> {
    let signs = signs.into_iter().map(|sign| (i64::try_from(sign.number), moment(sign.present_until)));
    let (numbers, until): (Vec<_>, Vec<_>) =
        signs.filter_map(|(number, until)| number.ok().map(|number| (number, until))).unzip();
    if numbers.is_empty() {
        return Ok(());
    }
    Statement::<NoteSigns>::new(values![numbers, until]).execute(&mut &*connection).await.map(|_| ())
}

async fn call_roll(
    connection: &AsyncPgConnection,
    room: &mut LockedRoom,
    call: &RollCall,
) -> Result<(), Error> {
    let near_up_to = call.near_up_to.min(count(room.last_number)?);
    let known_up_to = if room.roll.is_kept_at(room.now) { room.roll.up_to } else { 0 };
    room.roll = room.roll.called(near_up_to, room.now);
    let until = moment(newly_near_present_until(room.now));
    let numbers = [known_up_to, near_up_to].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let newly_near = queries::waiting_and_there()
        .filter(queue_tickets::number.gt(numbers[0]))
        .filter(queue_tickets::number.le(numbers[1]))
        .filter(queue_tickets::present_until.lt(until));
    diesel::update(newly_near).set(queue_tickets::present_until.eq(until)).execute(&mut &*connection).await?;
    note_signs(connection, call.signs.iter().copied()).await?;
    let columns = RollColumns::try_from(&room.roll).map_err(row_error)?;
    diesel::update(waiting_room::table).set(columns).execute(&mut &*connection).await.map(|_| ())
}

async fn join(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    changes: &RoomChanges,
) -> Result<JoinPlan, Error> {
    if changes.joins.is_empty() {
        return Ok(JoinPlan::default());
    }
    let asked: Vec<_> = changes.joins.iter().map(|newcomer| StoredId(newcomer.user.0)).collect();
    let known = find_users(connection, asked).await?;
    let plan = JoinPlan::new(&changes.joins, known, &room.policy, count(room.last_number)?, room.now);
    issue(connection, room, &plan.issued).await?;
    let back = plan.tickets().filter(|ticket| ticket.state == TicketState::Waiting);
    let back =
        back.filter(|ticket| i64::try_from(ticket.number).is_ok_and(|number| number <= room.last_number));
    let present_until = newcomer_present_until(room.now);
    note_signs(connection, back.map(|ticket| Sign { number: ticket.number, present_until })).await?;
    Ok(plan)
}

async fn find_users(connection: &AsyncPgConnection, asked: Vec<StoredId>) -> Result<KnownUsers, Error> {
    let existing = users::table.filter(users::id.eq_any(asked.clone())).select(users::id);
    let live =
        queries::live_tickets().filter(queue_tickets::user_id.eq_any(asked)).select(TicketRow::as_select());
    let (existing, live) =
        try_join(existing.load::<StoredId>(&mut &*connection), live.load::<TicketRow>(&mut &*connection))
            .await?;
    let mut known: KnownUsers = existing.into_iter().map(|user| (UserId(user.0), None)).collect();
    for row in live {
        let ticket = Ticket::try_from(row).map_err(row_error)?;
        known.insert(ticket.user, Some(ticket));
    }
    Ok(known)
}

struct Issue;

impl SqlText for Issue {
    const SQL: &'static str = "
        WITH asked AS MATERIALIZED (
            SELECT {}::uuid[] AS ids, {}::uuid[] AS users, {}::bigint AS last_number, {} AS issued_at,
                   {} AS present_until
        ),
        counted AS (
            UPDATE waiting_room SET last_number = asked.last_number + cardinality(asked.ids) FROM asked
        )
        INSERT INTO queue_tickets (id, user_id, number, status, issued_at, present_until)
        SELECT issued.id, issued.user_id, asked.last_number + issued.place, 'WAITING', asked.issued_at,
               asked.present_until
        FROM asked, unnest(asked.ids, asked.users) WITH ORDINALITY AS issued (id, user_id, place)";
    type Columns = BigInt;
}

async fn issue(connection: &AsyncPgConnection, room: &LockedRoom, tickets: &[Ticket]) -> Result<(), Error> {
    if tickets.is_empty() {
        return Ok(());
    }
    let (ids, users): (Vec<_>, Vec<_>) =
        tickets.iter().map(|ticket| (StoredId(ticket.id.0), StoredId(ticket.user.0))).unzip();
    let present_until = moment(newcomer_present_until(room.now));
    Statement::<Issue>::new(values![ids, users, room.last_number, moment(room.now), present_until])
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

/// Admits as many of those who wait and are there, first come first, as the policy allows. Whoever is a caller
/// of this very transaction is there, and claims the turn with it.
async fn fill_free_slots(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    callers: &HashSet<TicketId>,
) -> Result<Turns, Error> {
    let mut turns = Turns::new();
    let mut admissible = room.policy.admissible(room.occupancy(connection).await?);
    while admissible > 0 {
        let looked_at = i64::try_from(admissible.min(CANDIDATES_AT_ONCE)).unwrap_or(i64::MAX);
        let candidates: Vec<CandidateRow> =
            queries::candidates(looked_at).select(CandidateRow::as_select()).load(&mut &*connection).await?;
        if candidates.is_empty() {
            break;
        }
        let is_caller = |candidate: &CandidateRow| callers.contains(&TicketId(candidate.id.0));
        let (gone, there): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|candidate| {
            !is_caller(candidate) && candidate.is_passed_over(&room.roll, moment(room.now))
        });
        pass_over(connection, &gone).await?;
        let (claiming, others): (Vec<_>, Vec<_>) = there.iter().partition(|candidate| is_caller(candidate));
        begin_turns(connection, room, &claiming, true, &mut turns).await?;
        begin_turns(connection, room, &others, false, &mut turns).await?;
        admissible = admissible.saturating_sub(u64::try_from(there.len()).unwrap_or(u64::MAX));
    }
    Ok(turns)
}

async fn pass_over(connection: &AsyncPgConnection, gone: &[CandidateRow]) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = gone.iter().map(|candidate| candidate.id).collect();
    diesel::update(queue_tickets::table.filter(queue_tickets::id.eq_any(ids)))
        .set(queue_tickets::passed_over.eq(true))
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

async fn begin_turns(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    candidates: &[&CandidateRow],
    claimed: bool,
    turns: &mut Turns,
) -> Result<(), Error> {
    if candidates.is_empty() {
        return Ok(());
    }
    let (columns, turn) = TurnColumns::beginning(&room.policy, claimed, moment(room.now));
    let ids: Vec<_> = candidates.iter().map(|candidate| candidate.id).collect();
    turns.extend(ids.iter().map(|id| (TicketId(id.0), turn)));
    diesel::update(queue_tickets::table.filter(queue_tickets::id.eq_any(ids)))
        .set(columns)
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}

/// Whoever joins again and finds a turn has come for it.
async fn claim_found_turns(
    connection: &AsyncPgConnection,
    room: &LockedRoom,
    plan: &JoinPlan,
    turns: &mut Turns,
) -> Result<(), Error> {
    let found =
        plan.tickets().filter(|ticket| matches!(ticket.state, TicketState::Active { claimed: false, .. }));
    let ids: Vec<_> = found.map(|ticket| StoredId(ticket.id.0)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let turn = room.policy.turn(true, room.now);
    let TicketState::Active { expires_at, .. } = turn else { return Ok(()) };
    turns.extend(ids.iter().map(|id| (TicketId(id.0), turn)));
    diesel::update(queries::turns_live_at(moment(room.now)).filter(queue_tickets::id.eq_any(ids)))
        .set((
            queue_tickets::claimed_at.eq(Some(moment(room.now))),
            queue_tickets::expires_at.eq(Some(moment(expires_at))),
        ))
        .execute(&mut &*connection)
        .await
        .map(|_| ())
}
